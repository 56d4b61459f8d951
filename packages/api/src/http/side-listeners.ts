// The two small servers beside the API: health and readiness for orchestrators, metrics for Prometheus. Both
// are plain node:http and need no key: they listen on loopback unless configured, and say nothing that a key
// would open.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { messageOf } from '@assay/kernel/errors/assay-error';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Readiness } from '../views/readiness.ts';

/** A probe has no body and few headers. */
const SERVER_BOUNDS = { maxHeaderSize: 8_192, requestTimeout: 5_000, headersTimeout: 5_000 };

export function createHealthServer(readiness: () => Readiness): Server {
  return createServer(SERVER_BOUNDS, (request, response) => {
    const path = pathOf(request);
    if (path !== '/health' && path !== '/ready') return sendJson(response, 404, NO_SUCH_PAGE);
    const verdict = readiness();
    sendJson(response, verdict.isReady ? 200 : 503, verdict);
  });
}

export function createMetricsServer(render: () => Promise<string>, log: Log): Server {
  return createServer(SERVER_BOUNDS, (request, response) => {
    if (pathOf(request) !== '/metrics') return sendJson(response, 404, NO_SUCH_PAGE);
    render()
      .then((text) => {
        response.writeHead(200, {
          'content-type': 'text/plain; version=0.0.4; charset=utf-8',
          'cache-control': 'no-store',
        });
        response.end(text);
      })
      .catch((error: unknown) => {
        log.error('metrics could not be rendered', { reason: messageOf(error) });
        sendJson(response, 500, { detail: 'metrics could not be rendered' });
      });
  });
}

const NO_SUCH_PAGE = {
  detail: 'no such page: /health and /ready are on the health port, /metrics on the metrics port',
};

function pathOf(request: IncomingMessage): string {
  const path = (request.url ?? '/').split('?', 1)[0]!;
  return request.method === 'GET' || request.method === 'HEAD' ? path : '';
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}
