// The pages that the tests walk through: where each is, when it is there, and which request brings what it
// shows, so that its loading, empty and failed states can be made.
export type ShownPage = {
  name: string;
  path: string;
  /** A text that stands there once it is drawn with its data. */
  shows: string;
  /** Address of the request on which it rests. */
  restsOn: string;
  /** What that request answers when there is nothing, and what the page says then. */
  empty: { body: string; says: string };
};

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
    shows: '14 feeds',
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
];
