// GraphiQL, served from our own origin: the schema to look at, queries and subscriptions to try, with a key
// of the person who opens it (in the editor of headers, where GraphiQL keeps it). Nothing is loaded from
// elsewhere.
import { GraphiQL } from 'graphiql';
import 'graphiql/style.css';
import { createRoot } from 'react-dom/client';

type Params = { query: string; operationName?: string | null; variables?: unknown };
type Options = { headers?: Record<string, unknown> };

const FIRST_QUERY = `# Put a key into "Headers" below: {"X-API-Key": "ak_…"}
{
  price(symbol: "BTC") {
    symbol
    price_usd
    timestamp
    source
  }
}

# subscription { priceUpdated(symbols: ["BTC"]) { price state ageMs } }
`;

function fetcher(params: Params, options: Options = {}): unknown {
  const headers = options.headers ?? {};
  const isSubscription = /^\s*subscription\b/m.test(params.query.replace(/#.*$/gm, ''));
  return isSubscription ? subscribe(params, headers) : ask(params, headers);
}

async function ask(params: Params, headers: Record<string, unknown>): Promise<unknown> {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(headers as Record<string, string>) },
    body: JSON.stringify(params),
  });
  return await response.json();
}

/** graphql-transport-ws, one operation per connection. */
async function* subscribe(params: Params, headers: Record<string, unknown>): AsyncGenerator<unknown> {
  const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const waiting: unknown[] = [];
  let isEnded = false;
  let wake = (): void => undefined;
  const say = (message: object): void => socket.send(JSON.stringify(message));
  socket.onopen = () => say({ type: 'connection_init', payload: lowered(headers) });
  socket.onclose = (event) => {
    if (event.code >= 4000) waiting.push({ errors: [{ message: `${event.code}: ${event.reason}` }] });
    isEnded = true;
    wake();
  };
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.type === 'connection_ack') say({ type: 'subscribe', id: '1', payload: params });
    if (message.type === 'next') waiting.push(message.payload);
    if (message.type === 'error') waiting.push({ errors: message.payload });
    if (message.type === 'complete' || message.type === 'error') isEnded = true;
    wake();
  };
  try {
    while (!isEnded || waiting.length > 0) {
      if (waiting.length > 0) yield waiting.shift();
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    socket.close();
  }
}

function lowered(headers: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

createRoot(document.getElementById('graphiql')!).render(
  <GraphiQL
    fetcher={fetcher as never}
    defaultQuery={FIRST_QUERY}
    defaultHeaders={'{"X-API-Key": ""}'}
    shouldPersistHeaders
  />,
);
