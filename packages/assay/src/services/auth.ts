// Service `auth`: keeps keys, tokens and the audit log tidy for every replica: renews signing keys, forgets
// tickets that were not used and records older than their retention. Its database is the ledger; asking it is
// the `api`'s part.
import { messageOf } from '@assay/kernel/errors/assay-error';
import type { Service, ServiceContext } from './service.ts';

/** Signing keys are renewed monthly and records kept for days: an hour is soon enough for both. */
const EVERY_MS = 3_600_000;

export function auth({ auth: desk, clock, log }: ServiceContext): Service {
  let cancel: (() => void) | undefined;
  const tidyLater = (): void => {
    cancel = clock.after(EVERY_MS, () => {
      desk
        .tidyUp()
        .catch((error: unknown) => log.warn('tidying up waits for the ledger', { reason: messageOf(error) }))
        .finally(() => {
          if (cancel !== undefined) tidyLater();
        });
    });
  };
  return {
    async start() {
      await desk.tidyUp();
      tidyLater();
    },
    async stop() {
      cancel?.();
      cancel = undefined;
    },
  };
}
