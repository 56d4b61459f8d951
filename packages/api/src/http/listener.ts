// Opens a port and closes it again. In: a node:http server and where to listen. Out: the address that was
// taken. Invariants: a taken port is an error that names its setting; closing ends within a deadline, whoever
// is still connected.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AssayError, messageOf } from '@assay/kernel/errors/assay-error';
import type { Clock } from '@assay/kernel/time/clock';

export type ListenAddress = { host: string; port: number };

/** Thousands may connect at once after a restart; the kernel cuts this to its own maximum. */
const BACKLOG = 4_096;

/** @throws AssayError PORT_TAKEN, CONFIG_INVALID, both naming the setting */
export function listen(server: Server, address: ListenAddress, setting: string): Promise<ListenAddress> {
  return new Promise((resolve, reject) => {
    const onError = (cause: NodeJS.ErrnoException): void => reject(refusal(cause, address, setting));
    server.once('error', onError);
    server.listen({ ...address, backlog: BACKLOG }, () => {
      server.off('error', onError);
      const { address: host, port } = server.address() as AddressInfo;
      resolve({ host, port });
    });
  });
}

/** Stops listening, lets running requests finish for `graceMs`, then cuts them. */
export async function closeServer(server: Server, clock: Clock, graceMs: number): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const cancel = clock.after(graceMs, () => server.closeAllConnections());
  await closed;
  cancel();
}

function refusal(cause: NodeJS.ErrnoException, { host, port }: ListenAddress, setting: string): AssayError {
  const context = { field: setting, value: port, host };
  if (cause.code === 'EADDRINUSE') {
    return new AssayError('PORT_TAKEN', `port ${port} on ${host} (setting ${setting}) is taken`, {
      context,
      cause,
      recovery: `Stop the program that listens there, or set ${setting} to another port (0 picks a free one).`,
    });
  }
  const why =
    cause.code === 'EACCES'
      ? 'this user may not open it: choose one from 1024 on'
      : cause.code === 'EADDRNOTAVAIL' || cause.code === 'ENOTFOUND'
        ? 'this machine has no such address: use 127.0.0.1, or 0.0.0.0 for all'
        : messageOf(cause);
  const message = `cannot listen on ${host} port ${port} (setting ${setting}): ${why}`;
  return new AssayError('CONFIG_INVALID', message, { context, cause });
}
