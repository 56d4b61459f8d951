// What a venue's own list of instruments says of a pair that we ask it for. Part of the status record of a
// source; written by sources, read by api views and the command line.
import type { Pair } from './pair.ts';

export const LISTING_STATES = [
  'listed', // in the list under our name, and trading
  'halted', // in the list, but not trading now
  'unlisted', // not in the list: never was, or was taken off it
  'collision', // our name for it stands for something else there, or for several things
  'unknown', // the list was not read yet, or the venue publishes none
] as const;
export type ListingState = (typeof LISTING_STATES)[number];

export type Listing = {
  state: ListingState;
  /** In words, with the venue's spelling; empty when listed or unknown. */
  detail: string;
};

export const UNKNOWN_LISTING: Listing = { state: 'unknown', detail: '' };

/** The list of one venue, held against the pairs that it is configured for. */
export type ListingReport = {
  /** When the list was read, ms; null before that. */
  readAt: number | null;
  listings: ReadonlyMap<Pair, Listing>;
  /** Pairs that the venue trades and that our feeds could use, but that are not configured; sorted. */
  offers: readonly Pair[];
};

export const NO_REPORT: ListingReport = { readAt: null, listings: new Map(), offers: [] };

/** A pair that the venue does not trade under that name is not asked for: its answer would be another's. */
export function isAsked(listing: Listing | undefined): boolean {
  return listing === undefined || listing.state === 'listed' || listing.state === 'unknown';
}
