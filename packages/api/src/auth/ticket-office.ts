// Tickets: a browser's EventSource and WebSocket cannot send a key, so it exchanges one for a text that opens
// one stream within a minute. In: a principal. Out: the text; and for the text, once, the principal.
// Invariant: whatever the number of replicas, a ticket counts once; what is kept is its hash.
import type { Clock } from '@assay/kernel/time/clock';
import type { Ledger } from '@assay/ports/ledger/ledger';
import { digest, newSecret } from './key-secret.ts';
import type { Principal } from './principal.ts';

export const TICKET_LIVES_MS = 60_000;
const TICKET_SHAPE = /^[A-Za-z0-9_-]{43}$/;

export class TicketOffice {
  readonly #ledger: Ledger;
  readonly #clock: Clock;

  constructor(ledger: Ledger, clock: Clock) {
    this.#ledger = ledger;
    this.#clock = clock;
  }

  async issue(principal: Principal): Promise<{ ticket: string; expiresAt: number }> {
    const ticket = newSecret();
    const expiresAt = this.#clock.now() + TICKET_LIVES_MS;
    await this.#ledger.query('INSERT INTO tickets (sha256, principal, expires_at) VALUES ($1, $2, $3)', [
      ...[digest(ticket), JSON.stringify(principal), new Date(expiresAt)],
    ]);
    return { ticket, expiresAt };
  }

  /** The first caller gets the principal, everybody else nothing. */
  async use(ticket: string): Promise<Principal | undefined> {
    if (!TICKET_SHAPE.test(ticket)) return undefined;
    const [row] = await this.#ledger.query<{ principal: Principal; expires_at: Date }>(
      'DELETE FROM tickets WHERE sha256 = $1 RETURNING principal, expires_at',
      [digest(ticket)],
    );
    if (row === undefined || row.expires_at.getTime() <= this.#clock.now()) return undefined;
    return { ...row.principal, kind: 'ticket' };
  }

  async forgetUnused(): Promise<void> {
    await this.#ledger.query('DELETE FROM tickets WHERE expires_at < $1', [new Date(this.#clock.now())]);
  }
}
