// A test that runs alone.
import { describe, test } from 'node:test';

test.only('alone', () => {});
describe('sleeping', { todo: true }, () => {});
