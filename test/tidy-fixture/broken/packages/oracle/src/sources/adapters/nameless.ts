// An adapter without a default export and without examples.
export const nameless = { id: 'nameless' };
