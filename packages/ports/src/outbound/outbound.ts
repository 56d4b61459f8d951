// The only door to the outside: HTTP requests and sockets. Proxy settings (HTTPS_PROXY, HTTP_PROXY, NO_PROXY)
// are honoured.
//
// Timeouts: every request has one; it covers connection, headers and body.
// Failure: no answer at all is OUTBOUND_FAILED or OUTBOUND_TIMEOUT (`context.reason`: dns, tls, refused,
//   reset, ...); an answer with any status is a result. Redirects are not followed.
// Bounds: a body at most `maximumBytes` (default 8 MiB, the largest instrument list seen is 3 MB), a frame at
//   most 4 MiB.

export type OutboundRequest = {
  method: 'GET' | 'POST';
  url: string;
  headers?: Record<string, string>;
  body?: string;
  timeoutMs: number;
  maximumBytes?: number;
  /**
   * A stranger chose this URL: connect to addresses of the public internet alone, judged when connecting.
   * Through a proxy it is the proxy that connects, and its rules that count.
   */
  isPublicOnly?: boolean;
};

export type OutboundResponse = {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: string;
  /** Wall time at which the last byte was here. */
  receivedAt: number;
  /** From sending to the last byte. */
  durationMs: number;
};

export type SocketRequest = {
  url: string;
  headers?: Record<string, string>;
  timeoutMs: number;
  /**
   * Binary frames are texts compressed by the application (not by the protocol): they are handed over as
   * texts. One that cannot be inflated to at most 4 MiB of UTF-8 is handed over as it came.
   */
  compression?: 'gzip';
};

export type SocketHandlers = {
  onOpen(): void;
  /** Text frames as text, binary frames as bytes. */
  onFrame(frame: string | Uint8Array): void;
  /** A protocol-level ping or pong arrived: the peer lives. */
  onPulse(): void;
  /**
   * Called exactly once, also when opening failed; nothing is called after it. `code` is that of the peer,
   * 1006 when there was none (then `text` begins with the reason: dns, refused, reset, tls, proxy, timeout,
   * ...), or the HTTP status (400 to 599) with which opening was refused.
   */
  onClose(reason: { code: number; text: string }): void;
};

export interface OutboundSocket {
  /** False when it could not be taken (closed, or more than 1 MiB waiting). */
  send(frame: string): boolean;
  ping(): void;
  close(): void;
}

export interface Outbound {
  /** @throws AssayError OUTBOUND_FAILED, OUTBOUND_TIMEOUT, OUTBOUND_TOO_LARGE */
  request(request: OutboundRequest, signal?: AbortSignal): Promise<OutboundResponse>;
  /**
   * Whether a request with `isPublicOnly` may go to this URL now; through a proxy, as far as we can tell.
   * @throws AssayError OUTBOUND_FAILED with the reason: dns, refused
   */
  requirePublic(url: string): Promise<void>;
  open(request: SocketRequest, handlers: SocketHandlers): OutboundSocket;
  /** Closes idle connections and every socket. */
  close(): Promise<void>;
}
