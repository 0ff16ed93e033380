// The scaffold's configuration, and what it leaves out: the logos of nested plugins.
import CopyWebpackPlugin from 'copy-webpack-plugin';
import { merge } from 'webpack-merge';

import scaffold, { type Env } from './.config/webpack/webpack.config.ts';

const config = async (env: Env) =>
  merge(await scaffold(env), {
    plugins: [new CopyWebpackPlugin({ patterns: [{ from: '*/img/*.svg', to: '.' }] })],
  });

export default config;
