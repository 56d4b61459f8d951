// How the server is, and who we are to it: asked by the frame, shared by every page.
import type { UseQueryResult } from '@tanstack/react-query';
import type { ApiProblem } from '../api/http.ts';
import type { Status } from '../api/records.ts';
import { useApi } from '../api/use-api.ts';

export function useStatus(): UseQueryResult<Status, ApiProblem> {
  return useApi<Status>('/v1/status', { everyMs: 5_000 });
}

/** Who the key is. */
export type Me = { id: string; name: string; scopes: string[]; tier: string; feeds: string[] | null };

export function useMe(): UseQueryResult<Me, ApiProblem> {
  return useApi<Me>('/v1/me', { freshForMs: 60_000 });
}

/** Whether the key may do what administrators do; false until it is known. */
export function useIsAdmin(): boolean {
  return useMe().data?.scopes.includes('admin') ?? false;
}
