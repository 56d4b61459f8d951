// The tables of the auth service, as steps for the ledger's `migrate`: a step that was released is never
// changed, the next one is added below. PostgreSQL 15.

export const AUTH_SCHEMA = 'auth';

export const AUTH_STEPS: readonly string[] = [
  `CREATE TABLE api_keys (
     id text PRIMARY KEY,
     name text NOT NULL,
     sha256 bytea NOT NULL CHECK (length(sha256) = 32),
     scopes text[] NOT NULL,
     feeds text[],
     tier text NOT NULL,
     created_at timestamptz NOT NULL,
     expires_at timestamptz,
     revoked_at timestamptz,
     last_used_at timestamptz
   );
   CREATE TABLE signing_keys (
     id text PRIMARY KEY,
     public_jwk jsonb NOT NULL,
     private_jwk jsonb NOT NULL,
     created_at timestamptz NOT NULL
   );
   CREATE TABLE tickets (
     sha256 bytea PRIMARY KEY CHECK (length(sha256) = 32),
     principal jsonb NOT NULL,
     expires_at timestamptz NOT NULL
   );
   CREATE INDEX tickets_by_end ON tickets (expires_at);
   CREATE TABLE audit (
     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     at timestamptz NOT NULL,
     who text NOT NULL,
     who_name text NOT NULL,
     action text NOT NULL,
     result text NOT NULL,
     count integer NOT NULL,
     detail jsonb NOT NULL
   );
   CREATE INDEX audit_by_age ON audit (at);
   CREATE INDEX audit_of_who ON audit (who, id);`,
];
