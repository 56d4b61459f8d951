// What describes the API: its OpenAPI document and the Postman collection, both made from the routes at hand.
// Public: neither says anything of this installation.
import { openApiOf } from './openapi.ts';
import { postmanOf } from './postman.ts';
import { defineRoute, json, noQuery, type Route } from './route.ts';

export const API_VERSION = '0.1.0';

export function documentRoutes(routes: () => readonly Route[]): Route[] {
  const document = () => openApiOf({ routes: routes(), version: API_VERSION });
  const openApi = defineRoute({
    path: '/openapi.json',
    scope: 'public',
    describe: 'This API as an OpenAPI 3.1 document',
    query: noQuery,
    handle: () => json(document(), true),
  });
  const collection = defineRoute({
    path: '/postman.json',
    scope: 'public',
    describe: 'This API as a Postman collection; set the variables baseUrl and apiKey',
    query: noQuery,
    handle: () => json(postmanOf(document()), true),
  });
  return [openApi, collection];
}
