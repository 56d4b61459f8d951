// Chainlink's external-adapter framework serving one price from its cache, as its documentation builds an adapter: one
// PriceEndpoint over an HttpTransport that polls a data provider (here: a constant on loopback). Metrics on, as by default.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { serveBench } from '../http-load.ts';
import { freePort } from './free-port.ts';

const FRAMEWORK = '@chainlink/external-adapter-framework';
const BODY = JSON.stringify({ data: { base: 'BTC', quote: 'USD' } });

const port = await freePort();
Object.assign(process.env, {
  EA_HOST: '127.0.0.1',
  EA_PORT: String(port),
  METRICS_PORT: String(await freePort()),
  CACHE_TYPE: 'local',
  LOG_LEVEL: 'error',
});
// Loaded after the settings are there; without types, because it is installed for benches only.
const load = createRequire(import.meta.url);
const { expose } = load(FRAMEWORK);
const { Adapter, PriceEndpoint, priceEndpointInputParametersDefinition } = load(`${FRAMEWORK}/adapter`);
const { HttpTransport } = load(`${FRAMEWORK}/transports`);
const { InputParameters } = load(`${FRAMEWORK}/validation`);

const provider = createServer((_request, response) => response.end('{"price":67012.34}'));
await new Promise<void>((done) => provider.listen(0, '127.0.0.1', done));
const baseURL = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;

const transport = new HttpTransport({
  prepareRequests: (params: unknown[]) =>
    params.map((one) => ({ params: [one], request: { baseURL, url: '/' } })),
  parseResponse: (params: unknown[], response: { data: { price: number } }) =>
    params.map((one) => ({
      params: one,
      response: { result: response.data.price, data: { result: response.data.price } },
    })),
});
const inputParameters = new InputParameters(priceEndpointInputParametersDefinition);
const endpoint = new PriceEndpoint({ name: 'price', transport, inputParameters });
await expose(new Adapter({ name: 'BENCH', defaultEndpoint: 'price', endpoints: [endpoint] }));

const url = `http://127.0.0.1:${port}/`;
const headers = { 'content-type': 'application/json' };
while (!(await fetch(url, { method: 'POST', headers, body: BODY })).ok) {
  await new Promise((done) => setTimeout(done, 100));
}
serveBench({ url, headers, method: 'POST', body: BODY });
