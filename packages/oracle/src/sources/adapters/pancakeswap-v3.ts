// PancakeSwap v3 pools of BNB Chain, or of another EVM chain by another node: the contract of Uniswap v3
// with wider protocol fees. In: the answers of `v3-pools.ts`; feeProtocol is a uint32 in slot0, which takes
// a whole word there as a uint8 does, so both read alike. Out: exact prices. Pools are configuration
// (`options.pools`). Tokens of that chain are mostly pegged ones: BTCB is not BTC and its ETH is not ETH.
// WBNB is BNB itself, wrapped by a contract.
import { defineSource } from '../define-source.ts';
import { v3Pools } from '../v3-pools.ts';

export default defineSource({
  id: 'pancakeswap_v3',
  name: 'PancakeSwap v3',
  homepage: 'https://pancakeswap.finance',
  documentation:
    'https://github.com/pancakeswap/pancake-v3-contracts/blob/main/projects/v3-core/contracts/interfaces/pool/IPancakeV3PoolState.sol',
  checked: { by: 'documented', version: 'v3 core', on: '2026-11-21' },
  endpoints: { rest: 'https://bsc-rpc.publicnode.com' },
  // A block takes under a second, and one that comes while its pools are read makes the batch ask again:
  // more often would only ask more.
  ...v3Pools('pancakeswap_v3', 3000),
  examples: [
    {
      name: 'a block, slot0 with a protocol fee of 32 bits, liquidity and the mean of five minutes',
      transport: 'http',
      payload:
        '[{"jsonrpc":"2.0","id":0,"result":{"number":"0x649bc61","timestamp":"0x691f0a00"}},' +
        '{"jsonrpc":"2.0","id":1,"result":"0x' +
        '00000000000000000000000000000000000000000a3d70a3d70a3d70a3d70a3d' +
        'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff0483' +
        '0000000000000000000000000000000000000000000000000000000000000007' +
        '00000000000000000000000000000000000000000000000000000000000003e8' +
        '00000000000000000000000000000000000000000000000000000000000003e8' +
        '000000000000000000000000000000000000000000000000000000000c800c80' +
        '0000000000000000000000000000000000000000000000000000000000000001' +
        '"},{"jsonrpc":"2.0","id":2,"result":"0x' +
        '00000000000000000000000000000000000000000000d3c21bcecceda1000000' +
        '"},{"jsonrpc":"2.0","id":3,"result":"0x' +
        '0000000000000000000000000000000000000000000000000000000000000040' +
        '00000000000000000000000000000000000000000000000000000000000000a0' +
        '0000000000000000000000000000000000000000000000000000000000000002' +
        '0000000000000000000000000000000000000000000000000000000000000000' +
        'fffffffffffffffffffffffffffffffffffffffffffffffffffffffffed94984' +
        '0000000000000000000000000000000000000000000000000000000000000002' +
        '0000000000000000000000000000000000000000000000000000000000000000' +
        '0000000000000000000000000000000000000000000000000000000000000000' +
        '"},{"jsonrpc":"2.0","id":4,"result":{"number":"0x649bc61","timestamp":"0x691f0a00"}}]',
      pairs: ['BNB/USDT'],
      options: {
        pools: {
          // USDT/WBNB at 0.01 %: the address follows from PancakeSwap's deployer, the two tokens and the
          // fee, and emitted the recorded swap that the test reads.
          'BNB/USDT': {
            address: '0x172fcd41e0913e95784454622d1c3724f546f849',
            decimals0: 18,
            decimals1: 18,
            invert: true,
          },
        },
      },
      receivedAt: 1763641860000,
      expect: {
        prices: [
          {
            pair: 'BNB/USDT',
            kind: 'pool',
            price: '625.000000000000000000000000173',
            observedAt: 1763641856000,
          },
        ],
      },
      from: 'constructed by the layout of IPancakeV3PoolState',
    },
  ],
});
