// Subscriptions, gathered by what they ask for. In: subscriptions, changes of prices and of sources. Out: to
// every group the payload of each change, executed and serialised once however many subscribe.
//
// Two subscriptions are one group when operation, variables and the feeds that their keys may read are the
// same. Reads: the views of prices and sources. Invariants: a subscriber first gets what is current, then
// every change, in their order; a price that became stale by time alone is a change, too; a group without
// subscribers is forgotten.
import { assert } from '@assay/kernel/errors/assay-error';
import type { Clock } from '@assay/kernel/time/clock';
import {
  type FieldNode,
  type FragmentDefinitionNode,
  type FragmentSpreadNode,
  type GraphQLSchema,
  getArgumentValues,
  getVariableValues,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import { mayReadFeed, type Principal } from '../auth/principal.ts';
import { findAsset } from '../rest/price-routes.ts';
import { invalid } from '../rest/route.ts';
import type { CurrentPrice } from '../views/current-price.ts';
import type { PriceView } from '../views/prices.ts';
import type { SourceView } from '../views/sources.ts';
import { GraphQLErrors, type Operation } from './documents.ts';
import type { GraphqlEngine, Prepared } from './engine.ts';
import { graphqlRefusal } from './graphql-error.ts';
import { currentObject } from './query-resolvers.ts';
import type { ClientSubscription, SharedEvent } from './socket-client.ts';
import { findShown, sourceObject } from './value-objects.ts';

export type SubscriptionGroupsOptions = {
  engine: GraphqlEngine;
  schema: GraphQLSchema;
  view: PriceView;
  sourceView: SourceView;
  clock: Clock;
};

type Group = {
  prepared: Prepared;
  /** Of its first subscriber: all may read the same. */
  principal: Principal;
  field: 'priceUpdated' | 'sourceHealthChanged';
  /** Feeds or source ids; undefined: all. */
  names: ReadonlySet<string> | undefined;
  subscribers: Set<ClientSubscription>;
  /** Payloads made in one millisecond, by feed or source: many subscribe at once after a restart. */
  madeAtMs: number;
  made: Map<string, SharedEvent>;
};

/** Names of one subscription: as many as the largest installation has feeds. */
const NAMES_MAX = 1_000;

export class SubscriptionGroups {
  readonly #options: SubscriptionGroupsOptions;
  readonly #groups = new Map<Operation, Map<string, Group>>();
  readonly #overdue = new Set<CurrentPrice>();
  #ends: (() => void)[] = [];

  constructor(options: SubscriptionGroupsOptions) {
    this.#options = options;
  }

  start(): void {
    const { view, sourceView } = this.#options;
    this.#ends = [
      view.onUpdate((updates) => {
        const changed = new Set(updates.map(({ current }) => current));
        for (const current of changed) this.#overdue.delete(current);
        this.#tick(
          'priceUpdated',
          [...changed].map(({ definition }) => definition.feed),
        );
      }),
      sourceView.onChange((sources) => this.#tick('sourceHealthChanged', sources)),
    ];
  }

  stop(): void {
    for (const end of this.#ends.splice(0)) end();
  }

  /** The returned function ends it. @throws GraphQLErrors, AssayError when it cannot be served */
  join(prepared: Prepared, principal: Principal, subscription: ClientSubscription): () => void {
    const { field, names } = this.#asked(prepared, principal);
    const key = JSON.stringify([prepared.variables, principal.feeds ?? null]);
    const byKey = this.#groups.get(prepared.operation) ?? new Map<string, Group>();
    this.#groups.set(prepared.operation, byKey);
    let group = byKey.get(key);
    if (group === undefined) {
      const subscribers = new Set<ClientSubscription>();
      group = { prepared, principal, field, names, subscribers, madeAtMs: -1, made: new Map() };
      byKey.set(key, group);
    }
    const joined = group;
    joined.subscribers.add(subscription);
    this.#open(joined, subscription);
    return () => {
      joined.subscribers.delete(subscription);
      if (joined.subscribers.size > 0 || byKey.get(key) !== joined) return;
      byKey.delete(key);
      if (byKey.size === 0) this.#groups.delete(prepared.operation);
    };
  }

  /** Prices that became stale by the passing of time alone; called every second. */
  announceOverdue(nowMs: number): void {
    const feeds: string[] = [];
    for (const current of this.#options.view.all()) {
      if (!current.isOverdue(nowMs) || this.#overdue.has(current)) continue;
      this.#overdue.add(current);
      feeds.push(current.definition.feed);
    }
    if (feeds.length > 0) this.#tick('priceUpdated', feeds);
  }

  #asked(prepared: Prepared, principal: Principal): Pick<Group, 'field' | 'names'> {
    const { operation, variables } = prepared;
    const { schema, view, engine } = this.#options;
    const read = getVariableValues(schema, operation.node.variableDefinitions ?? [], variables);
    if (read.errors !== undefined) throw new GraphQLErrors(read.errors);
    const node = rootField(operation.node.selectionSet, operation);
    const field = schema.getSubscriptionType()!.getFields()[node.name.value];
    assert(field !== undefined, 'a validated subscription has a field of the schema');
    const given = getArgumentValues(field, node, read.coerced) as { symbols?: string[]; sources?: string[] };
    const list = given.symbols ?? given.sources;
    if (list != null && list.length > NAMES_MAX) {
      throw invalid('symbols', String(list.length), `give at most ${NAMES_MAX} names`);
    }
    if (field.name === 'priceUpdated') {
      const feeds = list?.map((name) => findAsset(view, name, principal).current.definition.feed);
      return { field: 'priceUpdated', names: feeds === undefined ? undefined : new Set(feeds) };
    }
    const ids = list?.map((name) => findShown(engine.services.sourceStatus(), name).source);
    return { field: 'sourceHealthChanged', names: ids === undefined ? undefined : new Set(ids) };
  }

  /** What is current, to one that just came. */
  #open(group: Group, subscription: ClientSubscription): void {
    if (group.field !== 'priceUpdated') return;
    const nowMs = this.#options.clock.now();
    const feeds = group.names ?? this.#options.view.feeds();
    const events = [...feeds].flatMap((feed) => this.#event(group, feed, nowMs) ?? []);
    subscription.client.deliver(subscription, events, nowMs);
  }

  #tick(field: Group['field'], names: readonly string[]): void {
    const nowMs = this.#options.clock.now();
    for (const byKey of this.#groups.values()) {
      for (const group of byKey.values()) {
        if (group.field !== field) continue;
        // A millisecond may hold a payload of before this change.
        group.madeAtMs = -1;
        const events = names.flatMap((name) => {
          const isWanted = group.names === undefined || group.names.has(name);
          return isWanted ? (this.#event(group, name, nowMs) ?? []) : [];
        });
        if (events.length === 0) continue;
        for (const subscriber of group.subscribers) subscriber.client.deliver(subscriber, events, nowMs);
      }
    }
  }

  #event(group: Group, name: string, nowMs: number): SharedEvent | undefined {
    if (group.madeAtMs !== nowMs) {
      group.madeAtMs = nowMs;
      group.made.clear();
    }
    const known = group.made.get(name);
    if (known !== undefined) return known;
    const value = this.#valueOf(group, name, nowMs);
    if (value === undefined) return undefined;
    const { engine } = this.#options;
    const payload = engine.payload(group.prepared, group.principal, nowMs, { [group.field]: value });
    const event = { key: name, bytes: Buffer.from(`{"type":"next","payload":${payload}`) };
    group.made.set(name, event);
    return event;
  }

  #valueOf({ field, principal }: Group, name: string, nowMs: number): unknown {
    const { view, engine } = this.#options;
    if (field === 'sourceHealthChanged') {
      return sourceObject(findShown(engine.services.sourceStatus(), name), principal);
    }
    const current = view.byFeed(name);
    if (current === undefined || !mayReadFeed(principal, name)) return undefined;
    return currentObject(current, nowMs);
  }
}

/** Validation has seen to it that there is one. */
function rootField(set: SelectionSetNode, operation: Operation): FieldNode {
  for (const selection of set.selections) {
    if (selection.kind === Kind.FIELD) return selection;
    const inside = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragmentOf(operation, selection);
    if (inside !== undefined) return rootField(inside.selectionSet, operation);
  }
  throw new GraphQLErrors([graphqlRefusal('DOCUMENT_INVALID', 'this subscription has no field')]);
}

function fragmentOf(
  { document }: Operation,
  { name }: FragmentSpreadNode,
): FragmentDefinitionNode | undefined {
  return document.definitions.find(
    (one): one is FragmentDefinitionNode =>
      one.kind === Kind.FRAGMENT_DEFINITION && one.name.value === name.value,
  );
}
