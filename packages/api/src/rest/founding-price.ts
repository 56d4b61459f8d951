// The founding shape of a price: exactly `symbol`, `price_usd`, `timestamp`, `source`, in that order.
// `price_usd` is a JSON number with the exact decimal digits of the price: no float ever carries it, so
// JSON.stringify cannot write it.
import { assert } from '@assay/kernel/errors/assay-error';

export function foundingPrice(price: {
  feed: string;
  price: string;
  observedAt: string;
  source: string;
}): string {
  const symbol = price.feed.slice(0, price.feed.indexOf('/'));
  assert(JSON_NUMBER.test(price.price), `the price of ${price.feed} is not a JSON number: ${price.price}`);
  return (
    `{"symbol":${JSON.stringify(symbol)},"price_usd":${price.price},` +
    `"timestamp":${JSON.stringify(price.observedAt)},"source":${JSON.stringify(price.source)}}`
  );
}

const JSON_NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?$/;
