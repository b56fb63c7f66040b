/**
 * Processor time that this process spends on `work`, in ms. What a test may bound: unlike the time on the clock it hardly grows when other
 * programs keep the machine busy.
 */
export function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
