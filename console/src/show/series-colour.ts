// One colour per source, everywhere: a fixed list of twelve that colour-blind readers tell apart, too,
// assigned by the source's id. In: an id. Out: a CSS colour that follows the theme. Sources beyond twelve
// share; their names stand beside them wherever a colour does.
const COUNT = 12;

/** Those that come with Assay each have their own; any other gets one from its id. */
const OWN = [
  ...['binance', 'coinbase', 'kraken', 'bitstamp', 'okx', 'bybit'],
  ...['coingecko', 'coinmarketcap', 'ecb', 'gemini', 'binance_us', 'submitted'],
];

export function seriesColour(source: string): string {
  const own = OWN.indexOf(source);
  if (own >= 0) return `var(--series-${own})`;
  let hash = 7;
  for (const letter of source) hash = (hash * 31 + letter.charCodeAt(0)) >>> 0;
  return `var(--series-${hash % COUNT})`;
}
