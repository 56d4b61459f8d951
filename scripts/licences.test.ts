// Which licences may reach production.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAllowed } from './licences.ts';

test('a choice needs one allowed licence, a sum needs all of them to be', () => {
  for (const licence of ['MIT', '(MIT OR GPL-2.0-only)', 'MIT AND Zlib'])
    assert.ok(isAllowed(licence), licence);
  for (const licence of ['GPL-3.0-only', 'AGPL-3.0-or-later', 'BUSL-1.1', 'MPL-2.0', 'MIT AND MPL-2.0', '']) {
    assert.ok(!isAllowed(licence), licence);
  }
});
