// What became of a submission, in words; its decision leads to the explanation of that answer.
import type { Submission, SubmissionStatus } from '@assay/client/wire';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { inAddress } from '../api/use-api.ts';

export const STATUS_WORDS: Record<SubmissionStatus, string> = {
  accepted: 'accepted',
  rejected: 'rejected',
  used: 'used in a round',
  outlier: 'outlier',
  unused: 'not used',
};

/** Whether anything is still to happen to it. */
export function isMoving({ status, receivedAt }: Submission, nowMs: number): boolean {
  return status === 'accepted' && nowMs - Date.parse(receivedAt) < MOVING_FOR_MS;
}

/** Within seconds it is taken and judged; what is not by then waits for somebody. */
const MOVING_FOR_MS = 600_000;

/** Begins with a capital. */
export function sentenceText(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** The answer of that feed at that instant, explained. */
export function WhyLink({ feed, at }: { feed: string; at: string }): ReactNode {
  return (
    <Link
      to={`/feeds/${inAddress(feed)}`}
      search={{ at } as never}
      className="whitespace-nowrap text-accent underline"
    >
      Why this answer?
    </Link>
  );
}
