/** Functions of the databases that the words stand for; each is one only before an opening parenthesis. */
const names = [
  // strings
  'ascii asciistr bin bit_length char char_length character_length charindex chr concat concat_ws conv convert convert_from',
  'decode difference elt encode export_set field find_in_set format format_number hex unhex insert instr instrb initcap',
  'left right length lengthb len locate lower lcase ltrim rtrim trim lpad rpad make_set mid nchar oct octet_length ord',
  'overlay patindex position quote quotename quote_ident quote_literal regexp_instr regexp_like regexp_matches regexp_substr',
  'regexp_replace repeat replace replicate reverse soundex space split_part stuff str strcmp string_agg string_split',
  'strpos substr substring substring_index to_char to_hex to_number to_ascii translate unicode upper ucase wm_concat',
  'group_concat array_to_string array_agg array_to_json json_extract json_value json_query json_arrayagg json_object',
  'json_objectagg jsonb_agg json_agg json_build_object json_keys json_depth json_search row_to_json to_json',
  'xmlagg xmlelement xmltype xmlforest xmlparse extractvalue updatexml xmlquery xpath xpath_string dbms_xmlgen.getxml',
  'query_to_xml database_to_xml table_to_xml cursor_to_xml concat_null listagg printf quote instr glob likely unlikely',
  // numbers and aggregates
  'abs acos asin atan atan2 avg bit_and bit_or bit_xor ceil ceiling cos cot count count_big crc32 degrees exp floor',
  'greatest least ln log log10 log2 max min mod pi pow power radians rand random round sign sin sqrt square std stddev',
  'sum tan trunc truncate var_pop variance generate_series row_number rank dense_rank ntile randomblob zeroblob',
  // conversions and conditions
  'cast try_cast try_convert parse coalesce ifnull isnull nullif nvl nvl2 if iif choose exists not interval row',
  'bigint binary date datetime timestamp time year cint cstr cdate val ccur',
  // hashes and codings
  'md5 sha sha1 sha2 sha224 sha256 sha512 aes_encrypt aes_decrypt des_encrypt des_decrypt compress uncompress',
  'uncompressed_length password old_password encrypt hashbytes digest crypt pwdencrypt pwdcompare checksum to_base64',
  'from_base64 inet_aton inet_ntoa inet6_aton inet6_ntoa fn_varbintohexstr sys.fn_varbintohexstr',
  'master.dbo.fn_varbintohexstr rawtohex hextoraw utl_raw.cast_to_raw utl_raw.cast_to_varchar2',
  // time
  'adddate addtime curdate curtime current_date current_time current_timestamp date_add date_format date_sub date_trunc',
  'dateadd datediff datename datepart day dayname dayofmonth dayofweek dayofyear extract from_days from_unixtime getdate',
  'getutcdate hour last_day localtime makedate maketime minute month monthname now period_add period_diff quarter',
  'sec_to_time second str_to_date strftime julianday subdate subtime sysdate sysdatetime time_format time_to_sec timediff',
  'timestampadd timestampdiff to_date to_days to_timestamp unix_timestamp utc_date week weekday weekofyear clock_timestamp',
  // what is running, and what it waits for
  'benchmark sleep pg_sleep pg_sleep_for pg_sleep_until dbms_lock.sleep dbms_pipe.receive_message dbms_session.sleep',
  'user database schema version sqlite_version current_user session_user system_user suser_name suser_sname user_name',
  'user_id suser_id db_name db_id host_name host_id app_name object_id object_name col_name col_length columnproperty',
  'connection_id last_insert_id row_count found_rows current_schema current_schemas current_database current_setting',
  'set_config inet_server_addr inet_client_addr has_table_privilege pg_backend_pid serverproperty databasepropertyex',
  'is_srvrolemember is_member has_perms_by_name has_dbaccess ident_current type_name typeof total_changes',
  'name_const get_lock release_lock is_free_lock master_pos_wait coercibility charset collation uuid newid sys_guid',
  'sys_context userenv uid ora_hash dcount dlookup dfirst dlast dsum dmin dmax first last curdir environ currentuser',
  // files, network, code
  'load_file load_extension pg_read_file pg_read_binary_file pg_ls_dir pg_stat_file lo_import lo_export lo_get lo_from_bytea',
  'filetoclob filetoblob readfile writefile openrowset opendatasource openquery openxml utl_http.request',
  'utl_inaddr.get_host_address utl_inaddr.get_host_name utl_file.fopen httpuritype urifactory.geturi dbms_ldap.init',
  'ctxsys.drithsx.sn ctxsys.ctx_report.token_type ordsys.ord_dicom.getmappingxpath dbms_utility.sqlid_to_sqlhash',
  'dbms_assert.noop dbms_java.runjava dbms_export_extension.get_domain_index_tables sys_eval sys_exec shell cmdshell',
  'dblink dblink_connect dblink_exec procedure analyse fn_trace_gettable fn_xe_file_target_read_file xp_cmdshell',
  'master..xp_cmdshell xp_dirtree xp_regread sp_executesql geometrycollection multipoint polygon multipolygon linestring',
  'multilinestring st_latfromgeohash st_longfromgeohash st_pointfromgeohash gtid_subset gtid_subtract polygonfromtext exp',
  'values like in any all some between over using match against contains freetext collate unnest string_to_array',
]

export const functionNames: ReadonlySet<string> = new Set(names.flatMap((line) => line.split(' ')))
