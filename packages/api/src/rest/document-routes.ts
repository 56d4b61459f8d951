// What describes the API: its OpenAPI document and the Postman collection. Public: neither says anything of
// this installation.
import { AssayError } from '@assay/kernel/errors/assay-error';
import { openApiOf } from './openapi.ts';
import { defineRoute, json, noQuery, type Route } from './route.ts';

export const API_VERSION = '0.1.0';

export type DocumentRouteOptions = {
  routes: () => readonly Route[];
  /** The collection as text; undefined when it was not made. */
  postman: string | undefined;
};

export function documentRoutes({ routes, postman }: DocumentRouteOptions): Route[] {
  const openApi = defineRoute({
    path: '/openapi.json',
    scope: 'public',
    describe: 'This API as an OpenAPI 3.1 document',
    query: noQuery,
    handle: () => json(openApiOf({ routes: routes(), version: API_VERSION }), true),
  });
  const collection = defineRoute({
    path: '/postman.json',
    scope: 'public',
    describe: 'This API as a Postman collection',
    query: noQuery,
    handle() {
      if (postman !== undefined) return { body: postman, isLasting: true };
      throw new AssayError('NOT_FOUND', 'this installation has no Postman collection', {
        recovery: 'Postman imports /openapi.json too.',
      });
    },
  });
  return [openApi, collection];
}
