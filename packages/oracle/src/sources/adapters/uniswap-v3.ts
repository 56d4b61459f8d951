// Uniswap v3 pools of Ethereum, or of another EVM chain by another node: the protocol of `v3-pools.ts`, read
// from a JSON-RPC node. Pools are configuration (`options.pools`), with token order and decimals as on chain.
import { defineSource } from '../define-source.ts';
import { v3Pools } from '../v3-pools.ts';

export default defineSource({
  id: 'uniswap_v3',
  name: 'Uniswap v3',
  homepage: 'https://uniswap.org',
  documentation: 'https://docs.uniswap.org/contracts/v3/reference/core/interfaces/pool/IUniswapV3PoolState',
  checked: { by: 'recorded', version: 'v3 core', on: '2026-11-21' },
  endpoints: { rest: 'https://ethereum-rpc.publicnode.com' },
  // A block of Ethereum takes 12 s: each is seen within 4.
  ...v3Pools('uniswap_v3', 4000),
  examples: [
    {
      name: 'a block, slot0, liquidity and the mean of five minutes, out of order',
      transport: 'http',
      payload:
        '[{"jsonrpc":"2.0","id":2,"result":"0x' +
        '000000000000000000000000000000000000000000000a6c6e2d523af27d453c"},' +
        '{"jsonrpc":"2.0","id":0,"result":{"number":"0x16751de","timestamp":"0x68e92d8b"}},' +
        '{"jsonrpc":"2.0","id":1,"result":"0x' +
        '0000000000000000000000000000000000000000000010c73f5a3a987023c090' +
        'fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffbc89d' +
        '0000000000000000000000000000000000000000000000000000000000000000' +
        '0000000000000000000000000000000000000000000000000000000000000001' +
        '0000000000000000000000000000000000000000000000000000000000000001' +
        '0000000000000000000000000000000000000000000000000000000000000000' +
        '0000000000000000000000000000000000000000000000000000000000000001"},' +
        '{"jsonrpc":"2.0","id":3,"result":"0x' +
        '0000000000000000000000000000000000000000000000000000000000000040' +
        '00000000000000000000000000000000000000000000000000000000000000a0' +
        '0000000000000000000000000000000000000000000000000000000000000002' +
        '0000000000000000000000000000000000000000000000000000000000000000' +
        'fffffffffffffffffffffffffffffffffffffffffffffffffffffffffb0f17fc' +
        '0000000000000000000000000000000000000000000000000000000000000002' +
        '0000000000000000000000000000000000000000000000000000000000000000' +
        '0000000000000000000000000000000000000000000000000000000000000000"},' +
        '{"jsonrpc":"2.0","id":4,"result":{"number":"0x16751de","timestamp":"0x68e92d8b"}}]',
      pairs: ['USDE/USDT'],
      options: {
        pools: {
          'USDE/USDT': {
            address: '0x435664008f38b0650fbc1c9fc971d0a3bc2f1e47',
            decimals0: 18,
            decimals1: 6,
            invert: false,
          },
        },
      },
      receivedAt: 1760112015000,
      expect: {
        prices: [
          {
            pair: 'USDE/USDT',
            kind: 'pool',
            price: '1.00013047068934903570518732134',
            observedAt: 1760112011000,
          },
        ],
      },
      from: 'constructed around the recorded state of block 23548382',
    },
  ],
});
