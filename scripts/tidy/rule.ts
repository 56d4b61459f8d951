// What a rule of the structure is: a name to find it by, a sentence that says what is wanted, and a check
// over the tree.
import type { Tree } from './tree.ts';

export type Finding = {
  rule: string;
  /** From the root of the tree. */
  file: string;
  /** From 1; 0 where a whole file or folder is meant. */
  line: number;
  /** What is wrong here and what to do. */
  sentence: string;
};

export type Rule = {
  name: string;
  /** The law, as one would say it to a newcomer. */
  law: string;
  check(tree: Tree): Omit<Finding, 'rule'>[] | Promise<Omit<Finding, 'rule'>[]>;
};
