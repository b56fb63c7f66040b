/** Several stores written as one (`Stores.transaction`), for a feature that names those it needs. */
export type Transaction<NeededStores> = <T>(work: (stores: NeededStores) => Promise<T>) => Promise<T>;
