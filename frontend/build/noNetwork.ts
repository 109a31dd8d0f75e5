/** For tests: what asks the network without a stub of its own is told at once that there is none. */
globalThis.fetch = () => Promise.reject(new TypeError("no network"));
