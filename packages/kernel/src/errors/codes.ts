// Every error code of the product, its meaning and what to do about it. docs/reference/errors.md is generated
// from here. Adding one: a line here (alphabetical), thrown with AssayError, a sentence in `recovery` that a
// stranger can act on.

/** `isTransient` is the default of the code; one occurrence may say otherwise. */
export const ERROR_CODES = {
  ACCESS_DENIED: {
    meaning: 'The API key is valid, but not for this.',
    recovery: 'Use a key with the scope or feed that is named; `assay keys create` makes one.',
    isTransient: false,
  },
  ASSERTION_FAILED: {
    meaning: 'A condition that the program itself guarantees did not hold.',
    recovery: 'This is a fault of Assay: report it with the message and the stack.',
    isTransient: false,
  },
  BUS_OVERLOADED: {
    meaning: 'More records wait for the event log than it may hold back.',
    recovery: 'Publish more slowly; the log catches up by itself.',
    isTransient: true,
  },
  BUS_UNAVAILABLE: {
    meaning: 'The event log cannot take records now (disk full, broker away).',
    recovery: 'Free disk space or bring the broker back; publishing resumes by itself.',
    isTransient: true,
  },
  CACHE_UNAVAILABLE: {
    meaning: 'The cache does not answer.',
    recovery: 'Bring it back; everything works without it, more slowly.',
    isTransient: true,
  },
  CONFIG_INVALID: {
    meaning: 'A setting has a value that cannot be used.',
    recovery: 'Correct the named setting; `assay config schema` shows what each one accepts.',
    isTransient: false,
  },
  DATA_FILE_INVALID: {
    meaning: 'A file of the data folder is damaged, or was not written by this version of Assay.',
    recovery: 'Move the named file away to begin an empty one, or put a copy back that is known to be good.',
    isTransient: false,
  },
  DATA_FOLDER_UNUSABLE: {
    meaning: 'The data folder cannot be read, written or locked, or belongs to another profile.',
    recovery: 'Choose another folder with --data, or free the one that is named.',
    isTransient: false,
  },
  DECIMAL_INVALID: {
    meaning: 'A text is not a decimal number within the accepted range.',
    recovery: 'Send a plain decimal such as "67012.34", with at most 60 digits.',
    isTransient: false,
  },
  DOCUMENT_INVALID: {
    meaning: 'A GraphQL document cannot be read, or does not fit the schema.',
    recovery: 'Correct the place that is named; the schema is found by introspection with a key.',
    isTransient: false,
  },
  DOCUMENT_TOO_COSTLY: {
    meaning: 'A GraphQL document is larger, deeper or dearer than one request may be.',
    recovery: 'Ask for less at once: the message names the limit and what was found.',
    isTransient: false,
  },
  FINAL_PRICE_ABSENT: {
    meaning: 'A final price was asked for, and the network has certified none yet.',
    recovery: 'Ask without kind=final for the live price, or run at least three nodes.',
    isTransient: true,
  },
  HISTORY_UNAVAILABLE: {
    meaning: 'The history cannot be written or read now (disk full, database away).',
    recovery: 'Free disk space or bring the database back; what is missing is taken from the event log.',
    isTransient: true,
  },
  IDEMPOTENCY_KEY_REUSED: {
    meaning: 'An Idempotency-Key came again with another request than before.',
    recovery: 'Give each new request a key of its own; the same key is for the same request only.',
    isTransient: false,
  },
  ISSUER_UNAVAILABLE: {
    meaning: 'The keys of an issuer of tokens cannot be fetched now.',
    recovery: 'Check auth.issuers[].jwksUrl and the network; it is tried again after a few seconds.',
    isTransient: true,
  },
  LEDGER_CONFLICT: {
    meaning: 'A change collides with what the database holds, or with a change made at the same time.',
    recovery: 'Look at what is there already; a collision of two changes may be tried again.',
    isTransient: false,
  },
  LEDGER_UNAVAILABLE: {
    meaning: 'The database of users’ data cannot be reached or cannot work now.',
    recovery: 'Bring it back or free disk space; connections are made again by themselves.',
    isTransient: true,
  },
  NOT_FOUND: {
    meaning: 'What was asked for does not exist here.',
    recovery: 'Check the spelling; `assay feeds` and `assay sources` list what exists.',
    isTransient: false,
  },
  NOT_READY: {
    meaning: 'The server cannot answer this now: it is starting, stopping or full.',
    recovery: 'Try again after a moment; the readiness page on the health port says why.',
    isTransient: true,
  },
  NOT_RUNNING: {
    meaning: 'A command needs a running Assay and found none on this data folder.',
    recovery:
      'Start it with "npm start", or name another data folder (--data), profile (--profile) or address (--url).',
    isTransient: false,
  },
  OUTBOUND_FAILED: {
    meaning: 'A request to the outside did not get an answer (connection, TLS, DNS).',
    recovery: 'Check network and proxy settings; it is retried by itself.',
    isTransient: true,
  },
  OUTBOUND_TIMEOUT: {
    meaning: 'A request to the outside did not finish in time.',
    recovery: 'It is retried by itself; raise the timeout of the source if it is always slow.',
    isTransient: true,
  },
  OUTBOUND_TOO_LARGE: {
    meaning: 'An answer from outside is larger than the bound for it.',
    recovery: 'Ask for fewer pairs at once, or check that the endpoint is the right one.',
    isTransient: false,
  },
  PERSISTED_QUERY_NOT_FOUND: {
    meaning: 'A GraphQL document was named by its hash, and this server does not know it.',
    recovery:
      'Send the document together with its hash once; clients with persisted queries do that themselves.',
    isTransient: false,
  },
  PORT_TAKEN: {
    meaning: 'A port to listen on is taken by another program.',
    recovery: 'Stop that program or choose another port with the named setting (0 picks a free one).',
    isTransient: false,
  },
  RECORD_INVALID: {
    meaning: 'A record does not have the shape it must have.',
    recovery: 'Correct the named field.',
    isTransient: false,
  },
  REQUEST_INVALID: {
    meaning: 'A request to the API has a parameter, address or header that cannot be used.',
    recovery: 'Correct the named field.',
    isTransient: false,
  },
  SANDBOX_FAILED: {
    meaning: 'The simulated venues did not start or do not answer.',
    recovery: 'Start again; if it persists, run `assay doctor`.',
    isTransient: false,
  },
  SOURCE_BAD_PAYLOAD: {
    meaning: 'A source sent something that cannot be read as prices.',
    recovery: 'It is fetched again after a short delay; if it persists the venue has changed its format.',
    isTransient: true,
  },
  SOURCE_RATE_LIMITED: {
    meaning: 'A source asked us to wait (429 or 418).',
    recovery: 'The wait is honoured by itself; lower the polling rate if it recurs.',
    isTransient: true,
  },
  SOURCE_REFUSED: {
    meaning: 'A source answered with an error of its own.',
    recovery: 'The message of the source is attached.',
    isTransient: true,
  },
  SOURCE_REGION_REFUSED: {
    meaning: 'A source refuses this region or this client (403, 451).',
    recovery:
      'This is permanent: remove the source from the configuration or use an allowed endpoint or proxy.',
    isTransient: false,
  },
  TARGET_UNAVAILABLE: {
    meaning: 'A target is not called now: it asked us to wait, its breaker is open, or its limit is used up.',
    recovery: 'It is called again by itself at the time that the message names.',
    isTransient: true,
  },
  TOO_MANY_REQUESTS: {
    meaning: 'Too many requests came from one place.',
    recovery: 'Wait for the time in Retry-After.',
    isTransient: true,
  },
  UNAUTHENTICATED: {
    meaning: 'A request carries no API key that is valid now.',
    recovery: 'Send X-API-Key with a key of `assay keys create`, or Authorization: Bearer with it.',
    isTransient: false,
  },
  USAGE: {
    meaning: 'A command was called in a way it does not have.',
    recovery: 'Add --help to see what it takes.',
    isTransient: false,
  },
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;
