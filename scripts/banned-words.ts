// Words that name nothing here, because the glossary has another word for the thing. One word, one meaning:
// what has two names gets two implementations. Checked in exported names, topics, metrics and file names.
// Words of the glossary's right column that are good words elsewhere (update, message, value, version,
// interval) are left to the reader.

export type BannedWord = {
  /** In lower case; `CamelCase` and `kebab-case` names are taken apart before comparing. */
  word: string;
  /** What we say. */
  say: string;
  /** Paths where the word has its own meaning. */
  except?: RegExp;
};

const VENUE_SPELLING = /\/adapters\/|^sandbox\/|\/recording\//;

export const BANNED_WORDS: readonly BannedWord[] = [
  {
    word: 'ticker',
    say: 'feed, or source price (a venue may call its own message so)',
    except: VENUE_SPELLING,
  },
  { word: 'tickers', say: 'feeds, or source prices', except: VENUE_SPELLING },
  { word: 'symbol', say: "feed or pair (a symbol is a venue's own spelling)", except: VENUE_SPELLING },
  { word: 'symbols', say: "feeds or pairs (a symbol is a venue's own spelling)", except: VENUE_SPELLING },
  { word: 'tick', say: 'source price' },
  { word: 'ticks', say: 'source prices' },
  { word: 'quotes', say: 'source prices (quote is only ever the currency)' },
  { word: 'sample', say: 'source price' },
  { word: 'samples', say: 'source prices' },
  { word: 'datapoint', say: 'source price' },
  { word: 'provider', say: 'source, or gateway' },
  { word: 'providers', say: 'sources, or gateways' },
  { word: 'exchange', say: 'source', except: VENUE_SPELLING },
  { word: 'exchanges', say: 'sources', except: VENUE_SPELLING },
  { word: 'connector', say: 'adapter, or gateway' },
  { word: 'plugin', say: 'adapter' },
  { word: 'scraper', say: 'adapter' },
  { word: 'vote', say: 'observation' },
  { word: 'votes', say: 'observations' },
  { word: 'reporter', say: 'observer, signer or transmitter' },
  { word: 'pusher', say: 'transmitter' },
  { word: 'relayer', say: 'transmitter' },
  {
    word: 'ping',
    say: 'nodeHeartbeat between nodes',
    except: /\/adapters\/|^sandbox\/|ports\/src\/outbound\/|\/streamer/,
  },
  { word: 'tolerance', say: 'deviation threshold' },
  { word: 'sensitivity', say: 'deviation threshold' },
  { word: 'frequency', say: 'heartbeat, or an interval in ms' },
  { word: 'spread', say: 'dispersion', except: /^sandbox\// },
  { word: 'reputation', say: 'health, score, band' },
  { word: 'uncertainty', say: 'dispersion or interval (confidence is the score of a source)' },
  { word: 'blacklist', say: 'quarantine or denylist' },
  { word: 'whitelist', say: 'allow list' },
  { word: 'fuse', say: 'breaker' },
  { word: 'upstream', say: 'target' },
  { word: 'psp', say: 'gateway' },
  { word: 'processor', say: 'gateway' },
  { word: 'master', say: 'writer' },
  { word: 'slave', say: 'reader' },
  { word: 'primary', say: 'writer' },
  { word: 'swap', say: 'crossing', except: /\/adapters\/|^sandbox\// },
  { word: 'instance', say: 'service, process or node' },
  { word: 'manager', say: 'what it does (a manager does anything)' },
];

/** Names that are a contract and may carry a banned word: founding names and the wire. */
export const CONTRACT_NAMES: ReadonlySet<string> = new Set([
  'oracle-publisher',
  'oracle_updates_sent_total',
  'oracle_update_errors_total',
  'ccip_messages_tracked',
  'ccip_message_failures',
  'tokenization_requests',
  'tokenization_success',
  'symbol',
  'price_usd',
]);
