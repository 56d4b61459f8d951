// A model with Node and a third party in it.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export const read = () => parse(readFileSync('x', 'utf8'));
