/** Dashboard variables: values of a column of `errors`, or the first column of some SQL. */

import {
  CustomVariableSupport,
  type DataFrame,
  type DataQueryRequest,
  type DataQueryResponse,
  type MetricFindValue,
} from '@grafana/data';
import { from, map, type Observable, of } from 'rxjs';

import { VariableEditor } from './components/VariableEditor';
import { firstColumn } from './data/variables';
import type { ErrataDataSource } from './datasource';
import { type ErrataQuery, type ErrataVariableQuery, QUERY_VERSION } from './types';

export class ErrataVariables extends CustomVariableSupport<ErrataDataSource, ErrataVariableQuery> {
  editor = VariableEditor;

  constructor(private readonly datasource: ErrataDataSource) {
    super();
  }

  query(request: DataQueryRequest<ErrataVariableQuery>): Observable<DataQueryResponse> {
    const [target] = request.targets;
    if (target?.kind === 'sql' && target.rawSql) {
      return this.sql(request, target.rawSql);
    }
    if (target?.kind === 'values' && target.column) {
      return from(this.datasource.values(target.column, undefined, request.range)).pipe(
        map((values) => ({ data: values.map((text): MetricFindValue => ({ text, value: text })) }))
      );
    }
    return of({ data: [] });
  }

  private sql(request: DataQueryRequest<ErrataVariableQuery>, rawSql: string): Observable<DataQueryResponse> {
    const query: ErrataQuery = { refId: 'variable', version: QUERY_VERSION, queryType: 'sql', format: 'table', rawSql };
    return this.datasource.query({ ...request, targets: [query] }).pipe(
      map((response) => {
        if (response.errors?.length) {
          throw new Error(response.errors[0].message ?? 'the query failed');
        }
        return { data: response.data.flatMap((frame: DataFrame) => firstColumn(frame)) };
      })
    );
  }
}
