// Everything about who may do what, as one part that starts and stops: keys, tokens, tickets, the audit log.
// In: the ledger. Out: its four parts. One per process; the service `auth` lets one process tidy up for all.
import type { Startable } from '@assay/kernel/lifecycle/startable';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Clock } from '@assay/kernel/time/clock';
import type { Ledger } from '@assay/ports/ledger/ledger';
import type { Outbound } from '@assay/ports/outbound/outbound';
import { AuditLog } from './audit-log.ts';
import type { OtherCredentials } from './authenticator.ts';
import type { KeyStore } from './key-store.ts';
import { SqlKeyStore } from './sql-key-store.ts';
import { TicketOffice } from './ticket-office.ts';
import { type OutsideIssuer, TokenService } from './token-service.ts';

export type AuthDeskOptions = {
  ledger: Ledger;
  clock: Clock;
  log: Log;
  outbound: Outbound;
  issuer: string;
  outside: readonly OutsideIssuer[];
  auditKeptForMs: number;
};

export class AuthDesk implements Startable {
  readonly keys: KeyStore;
  readonly tokens: TokenService;
  readonly tickets: TicketOffice;
  readonly audit: AuditLog;

  constructor({ ledger, clock, log, outbound, issuer, outside, auditKeptForMs }: AuthDeskOptions) {
    this.keys = new SqlKeyStore({ ledger, clock, log });
    this.tokens = new TokenService({ ledger, keys: this.keys, clock, log, outbound, issuer, outside });
    this.tickets = new TicketOffice(ledger, clock);
    this.audit = new AuditLog({ ledger, clock, log, keptForMs: auditKeptForMs });
  }

  /** For the authenticator, beside keys. */
  get others(): OtherCredentials {
    return {
      verifyToken: (token) => this.tokens.verify(token),
      useTicket: (ticket) => this.tickets.use(ticket),
    };
  }

  /** The ledger is started by whoever made it. */
  async start(): Promise<void> {
    await this.keys.start();
    await this.tokens.start();
    this.audit.start();
  }

  async stop(): Promise<void> {
    await this.audit.stop();
    await this.keys.stop();
  }

  /** Renews signing keys, forgets what has ended. Any number of processes may do it. */
  async tidyUp(): Promise<void> {
    await this.tokens.renewSigningKeys();
    await this.tickets.forgetUnused();
    await this.audit.forgetOld();
  }
}
