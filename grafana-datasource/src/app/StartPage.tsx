import React from 'react';
import { locationUtil } from '@grafana/data';
import { getDataSourceSrv } from '@grafana/runtime';
import { LinkButton, Stack, Text, TextLink } from '@grafana/ui';

import { PLUGIN_DATASOURCE } from '../shared/links';
import { PAGES } from './pages';

/** What to do next, by what there is already. */
export function StartPage() {
  const sources = getDataSourceSrv().getList({ type: PLUGIN_DATASOURCE });
  return (
    <Stack direction="column" gap={2}>
      {sources.length === 0 ? (
        <>
          <Text>Errata needs a data source: say where the engine is.</Text>
          <div>
            <LinkButton icon="plus" href={locationUtil.assureBaseUrl(`/connections/datasources/${PLUGIN_DATASOURCE}`)}>
              Add the Errata data source
            </LinkButton>
          </div>
        </>
      ) : (
        <Text>
          {sources.length === 1
            ? `Data source: ${sources[0].name}.`
            : `Data sources: ${sources.map((source) => source.name).join(', ')}.`}{' '}
          The dashboards ask the one that you choose in their head.
        </Text>
      )}
      <ul>
        {PAGES.map((page) => (
          <li key={page.uid}>
            <TextLink href={`/d/${page.uid}`}>{page.title}</TextLink> <Text color="secondary">{page.what}</Text>
          </li>
        ))}
      </ul>
    </Stack>
  );
}
