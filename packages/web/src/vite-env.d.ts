/** What the build provides: styles as side effects, `import.meta.env`, worker imports. */
/// <reference types="vite/client" />
