// A writing thread for tests, which dies when it is asked to.
import { AssayError } from '@assay/kernel/errors/assay-error';
import { serveWriter } from './writer-thread.ts';

serveWriter(({ greeting, isBroken = false }: { greeting: string; isBroken?: boolean }, notify) => ({
  open() {
    if (isBroken) throw new AssayError('DATA_FILE_INVALID', 'broken on purpose');
    return greeting;
  },
  handle(kind: string, request: unknown) {
    if (kind === 'die') process.exit(1);
    if (kind === 'refuse') {
      throw new AssayError('RECORD_INVALID', `refused: ${String(request)}`, { context: { field: request } });
    }
    notify(`heard ${String(request)}`);
    return request;
  },
  close() {},
}));
