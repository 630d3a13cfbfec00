import type { TokenType } from './token.ts'

/** Words of the SQL grammars of MySQL, PostgreSQL, SQL Server, Oracle, SQLite and Access, by their part in a sentence. */
const classes: readonly (readonly [TokenType, string])[] = [
  ['E', 'select insert update delete exec case'],
  ['E', 'merge replace create drop alter truncate grant revoke rename'],
  ['E', 'execute call explain analyze describe copy vacuum load handler pragma attach detach'],
  ['T', 'declare waitfor shutdown'],
  [
    'T',
    'begin if goto print raiserror while use do kill dbcc backup restore reconfigure commit rollback savepoint prepare',
  ],
  ['T', 'deallocate signal resignal throw listen notify'],
  ['U', 'union intersect except minus'],
  ['B', 'having limit offset'],
  ['&', 'and or xor'],
  ['o', 'not like ilike rlike regexp is div mod between in sounds glob similar eqv imp isnull notnull escape'],
  ['k', 'from where into values set join on using as by for with table procedure trigger distinct all any some top'],
  [
    'k',
    'exists when then else end asc desc outfile dumpfile inner outer left right natural order group partition over',
  ],
  ['k', 'returning fetch rows cascade binary interval to primary constraint within recursive'],
  ['A', 'collate'],
  [
    't',
    'int integer bigint smallint tinyint mediumint bit bool boolean char character varchar nvarchar nchar varchar2',
  ],
  ['t', 'text ntext blob clob nclob float double real decimal numeric money smallmoney number date datetime datetime2'],
  [
    't',
    'timestamp timestamptz time year raw varbinary image uuid xml json jsonb bytea signed unsigned varying precision',
  ],
  ['t', 'regclass regproc oid serial sysname latin1_german2_ci _latin1 _utf8 _utf8mb4 _binary _ascii _ucs2 _koi8r'],
  [
    'v',
    'null current_user current_date current_time current_timestamp session_user system_user localtime localtimestamp',
  ],
  ['v', 'utc_date utc_time utc_timestamp sysdate rownum sysuser'],
  ['1', 'true false binary_double_infinity binary_double_nan binary_float_infinity binary_float_nan'],
]

/** Statements that are words of prose too: they begin a statement only where one can begin. */
export const ambiguousStatements: ReadonlySet<string> = new Set(
  [...classes.slice(1, 3), ...classes.slice(4, 6)].flatMap(([, words]) => words.split(' ')),
)

/** Sequences of words that are one word of the grammar. */
const phrases: readonly (readonly [TokenType, string])[] = [
  ['U', 'union all|union distinct|union all distinct|union distinct all|intersect all|except all'],
  ['B', 'order by|group by|partition by|procedure analyse|procedure analyze|for update|for xml|for json|for browse'],
  ['o', 'not like|not ilike|not rlike|not regexp|not in|not between|not similar|not glob|is not|is null|is not null'],
  [
    'o',
    'sounds like|similar to|not similar to|is distinct from|is not distinct from|not null|between symmetric|not exists',
  ],
  ['B', 'into outfile|into dumpfile|lock in share mode'],
  ['k', 'left join|right join|inner join|outer join|cross join|full join|natural join'],
  ['k', 'left outer join|right outer join|full outer join|insert into|in boolean|at time'],
  ['T', 'waitfor delay|waitfor time|begin try|begin tran|begin transaction|begin declare|create or replace|if not'],
  ['T', 'alter table|alter database|drop table|drop database|drop view|drop user|drop procedure|drop function'],
  [
    'T',
    'create table|create user|create function|create procedure|truncate table|delete from|load data|load xml|do sleep',
  ],
  ['f', 'if exists|if not exists'],
  ['E', 'select distinct|select all|select top|select sql_calc_found_rows|replace into|merge into'],
  ['t', 'double precision|character varying|national character'],
]

/** The part that a word plays, in lower case; absent for a name. */
export const wordTypes: ReadonlyMap<string, TokenType> = new Map(
  classes.flatMap(([type, words]) => words.split(' ').map((word) => [word, type] as const)),
)

/** The part that a sequence of words plays, one blank between them. */
export const phraseTypes: ReadonlyMap<string, TokenType> = new Map([
  ...phrases.flatMap(([type, list]) => list.split('|').map((phrase) => [phrase, type] as const)),
])

/** Words that begin a phrase: what keeps other words from being looked up twice. */
export const phraseStarts: ReadonlySet<string> = new Set(
  [...phraseTypes.keys()].flatMap((phrase) => {
    const words = phrase.split(' ')
    return words.slice(1).map((_, length) => words.slice(0, length + 1).join(' '))
  }),
)

const telling: ReadonlySet<TokenType> = new Set(['E', 'T', 'U', 'B', '&'])

/**
 * Matches whatever has a word that can make text of letters, digits, blanks, dots and hyphens an attack: every other word
 * is part of a fingerprint that has punctuation or such a word as well. `1for` is Oracle's number `1f` and `or`.
 */
export const tellingWord = new RegExp(
  `(?:(?<![A-Za-z_])|(?<=[0-9.][df]))(?:${[...wordTypes, ...phraseTypes]
    .filter(([, type]) => telling.has(type))
    .map(([words]) => words.replaceAll(' ', ' +'))
    .join('|')})(?![A-Za-z0-9_])`,
  'i',
)
