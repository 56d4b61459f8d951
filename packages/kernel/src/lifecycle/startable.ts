// Everything with a timer, a socket or a subscription starts and stops in order.

export interface Startable {
  /** Resolves when it works. A failed start leaves nothing running. */
  start(): Promise<void>;
  /** Resolves when nothing of it runs any more. Safe to call twice, and after a failed start. */
  stop(): Promise<void>;
}
