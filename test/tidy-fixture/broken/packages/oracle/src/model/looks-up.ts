// A model that knows a stage.
export type Meets = typeof import('../aggregation/meets.ts').served;
