// The pages that the tests walk through: where each is, when it is there, and which request brings what it
// shows, so that its loading, empty and failed states can be made.
export type ShownPage = {
  name: string;
  path: string;
  /** Makes what it shows; what this gives stands in the path instead of `$`. */
  make?: (post: (path: string, body: object) => Promise<string>) => Promise<string>;
  /** A text that stands there once it is drawn with its data. */
  shows: string;
  /** Address of the request on which it rests. */
  restsOn: string;
  /** What that request answers when there is nothing, and what the page says then. */
  empty: { body: string; says: string; status?: number };
};

const NOT_FOUND = JSON.stringify({ status: 404, code: 'NOT_FOUND', detail: 'there is none', recovery: '' });

function submission(): object {
  const timestamp = new Date().toISOString();
  return { symbol: 'BTC', price_usd: '67000.50', timestamp, submitted_by: 'Market desk' };
}

export const SHOWN_PAGES: readonly ShownPage[] = [
  {
    name: 'overview',
    path: '/',
    shows: 'The last 24 hours',
    restsOn: '**/v1/feeds',
    empty: { body: '[]', says: 'There is nothing to watch yet.' },
  },
  {
    name: 'feeds',
    path: '/feeds',
    shows: 'ETH/BTC',
    restsOn: '**/v1/feeds',
    empty: { body: '[]', says: 'No feed is configured' },
  },
  {
    name: 'feed',
    path: '/feeds/BTC-USD',
    shows: 'Crosses it rests on',
    restsOn: '**/v1/feeds',
    empty: { body: '[]', says: 'There is no such feed' },
  },
  {
    name: 'sources',
    path: '/sources',
    shows: 'Confidence',
    restsOn: '**/v1/sources',
    empty: { body: '[]', says: 'No source is configured' },
  },
  {
    name: 'source',
    path: '/sources/kraken',
    shows: 'Last payloads',
    restsOn: '**/v1/sources',
    empty: { body: '[]', says: 'There is no such source' },
  },
  {
    name: 'submissions',
    path: '/submissions',
    make: (post) => post('/v1/submissions', submission()),
    shows: '67,000.50',
    restsOn: '**/v1/submissions?*',
    empty: { body: '{"submissions":[],"nextCursor":null}', says: 'Nothing was submitted' },
  },
  {
    name: 'submission',
    path: '/submissions/$',
    make: (post) => post('/v1/submissions', submission()),
    shows: 'Received and accepted',
    restsOn: '**/v1/submissions/*',
    empty: { status: 404, body: NOT_FOUND, says: 'There is no such submission' },
  },
  {
    name: 'requests',
    path: '/requests',
    make: (post) => post('/v1/price-requests', { feed: 'BTC/USD' }),
    shows: 'complete',
    restsOn: '**/v1/price-requests?*',
    empty: { body: '{"requests":[],"nextCursor":null}', says: 'Nothing was requested' },
  },
  {
    name: 'request',
    path: '/requests/$',
    make: (post) => post('/v1/price-requests', { feed: 'BTC/USD' }),
    shows: 'in all',
    restsOn: '**/v1/price-requests/*',
    empty: { status: 404, body: NOT_FOUND, says: 'There is no such request' },
  },
  {
    name: 'keys',
    path: '/keys',
    make: (post) => post('/v1/keys', { name: 'market desk', feeds: ['BTC/USD'] }),
    shows: 'in use here',
    restsOn: '**/v1/keys',
    empty: { body: '[]', says: 'There is no key that is kept here' },
  },
  {
    name: 'audit',
    path: '/keys?tab=audit',
    make: (post) => post('/v1/submissions', submission()),
    shows: 'Result',
    restsOn: '**/v1/audit?*',
    empty: { body: '{"records":[],"nextCursor":null}', says: 'Nothing was recorded yet' },
  },
  {
    name: 'environments',
    path: '/environments',
    shows: '(this one)',
    restsOn: '**/v1/environments',
    empty: { body: '[]', says: 'No environment is known.' },
  },
  {
    name: 'system',
    path: '/system',
    shows: 'running',
    restsOn: '**/v1/services',
    empty: { body: '[]', says: 'No process has spoken yet.' },
  },
];
