// A webhook: where to send, when, and what became of it. In: what a client wants. Out: the same, checked.
import { parseFixed } from '@assay/kernel/money/fixed';
import { z } from 'zod';

const URL_FIX = 'give an https address of at most 500 characters, without a user and a password';
const FEED_FIX = 'give a feed such as BTC/USD';
const PRICE_FIX = 'give a decimal above zero as text, such as "70000"';
const PERCENT_FIX = 'give a number of per cent above 0 and up to 100';

const feed = z.string(FEED_FIX).min(3, FEED_FIX).max(65, FEED_FIX);

/** `http` is for the sandbox and for installations that allow private addresses. */
const url = z
  .string(URL_FIX)
  .max(500, URL_FIX)
  .refine((text) => {
    if (!URL.canParse(text)) return false;
    const { protocol, username, password, hash } = new URL(text);
    return (
      (protocol === 'https:' || protocol === 'http:') && username === '' && password === '' && hash === ''
    );
  }, URL_FIX)
  .describe('Where to send: https, public');

export const webhookCondition = z.discriminatedUnion(
  'type',
  [
    z.strictObject({
      type: z.literal('price-crosses'),
      feed,
      price: z
        .string(PRICE_FIX)
        .max(60, PRICE_FIX)
        .refine((text) => /^\d{1,40}(\.\d{1,18})?$/.test(text) && parseFixed(text) > 0n, PRICE_FIX)
        .describe('The threshold, a decimal text'),
      direction: z
        .enum(['above', 'below', 'both'], 'give above, below or both')
        .default('both')
        .describe('Which way'),
    }),
    z.strictObject({
      type: z.literal('price-deviates'),
      feed,
      percent: z
        .number(PERCENT_FIX)
        .gt(0, PERCENT_FIX)
        .max(100, PERCENT_FIX)
        .describe('From the price of the last event'),
    }),
    z.strictObject({ type: z.literal('state-changes'), feed }),
  ],
  'give a condition of type price-crosses, price-deviates or state-changes',
);
export type WebhookCondition = z.infer<typeof webhookCondition>;

export const newWebhook = z
  .strictObject({
    url,
    condition: webhookCondition,
    description: z
      .string('give a text')
      .max(200, 'give at most 200 characters')
      .default('')
      .describe('For you'),
  })
  .meta({
    examples: [
      {
        url: 'https://example.com/assay',
        condition: { type: 'price-crosses', feed: 'BTC/USD', price: '70000', direction: 'above' },
      },
    ],
  });
export type NewWebhook = z.infer<typeof newWebhook>;

export const WEBHOOK_STATES = ['active', 'paused'] as const;
export const webhookChange = z
  .strictObject({
    url: url.optional(),
    description: z.string('give a text').max(200, 'give at most 200 characters').optional(),
    state: z.enum(WEBHOOK_STATES, 'give active or paused').optional(),
  })
  .meta({ examples: [{ state: 'paused' }] });
export type WebhookChange = z.infer<typeof webhookChange>;

export type Webhook = NewWebhook & {
  id: string;
  client: string;
  state: (typeof WEBHOOK_STATES)[number];
  /** `whsec_` and base64: signs what is sent; shown at creation only. */
  secret: string;
  /** Price of the last event of a deviation; null before the first answer. */
  reference: string | null;
  createdAt: Date;
};

export const DELIVERY_STATES = ['pending', 'delivered', 'dead'] as const;
export type Delivery = {
  id: string;
  webhookId: string;
  /** The body, exactly as it is signed. */
  body: string;
  state: (typeof DELIVERY_STATES)[number];
  attempts: number;
  nextAt: Date;
  madeAt: Date;
  /** Of the last attempt: "204", or why there was no answer. */
  lastResult: string | null;
  deliveredAt: Date | null;
};
