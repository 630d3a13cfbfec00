import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Options } from './options.ts'
import { UsageError } from './options.ts'

/** Where the Core Rule Set is: `--crs FOLDER`, else beside this repository. */
export function findCoreRuleSet(options: Options): string {
  const folder = options.text('crs', join(import.meta.dirname, '../../shared/crs'))
  if (!existsSync(join(folder, 'crs-setup.conf.example')))
    throw new UsageError(`no Core Rule Set in ${folder}: unpack a release of it there, or say --crs FOLDER`)
  return folder
}

/**
 * Writes the one file that every engine loads: the Core Rule Set as shipped, blocking, requests and responses inspected in
 * whole. What engines take for granted without a directive differs, so all of it is said. At
 * paranoia level 4 two rules are left out, as any site does at that level: they take offence at a space in a field. Returns
 * its path.
 */
export function writeRules(folder: string, { crs, level }: { crs: string; level: number }): string {
  const file = join(folder, `crs-level-${level}.conf`)
  writeFileSync(file, settings(crs, level))
  return file
}

const settings = (crs: string, level: number) => `SecRuleEngine On
SecRequestBodyAccess On
SecRequestBodyLimit 13107200
SecRequestBodyNoFilesLimit 13107200
SecRequestBodyLimitAction Reject
SecResponseBodyAccess On
SecResponseBodyMimeType text/plain text/html text/xml application/json
SecResponseBodyLimit 13107200
SecResponseBodyLimitAction Reject
SecAuditEngine Off
SecRule REQUEST_HEADERS:Content-Type "@rx ^(?:application(?:/soap\\+|/)|text/)xml" \\
    "id:200000,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=XML"
SecRule REQUEST_HEADERS:Content-Type "@rx ^application/(?:[a-z0-9.-]+\\+)?json" \\
    "id:200001,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=JSON"
Include ${crs}/crs-setup.conf.example
SecAction "id:900000,phase:1,pass,t:none,nolog,setvar:tx.blocking_paranoia_level=${level},setvar:tx.detection_paranoia_level=${level}"
Include ${crs}/rules/*.conf
${level === 4 ? 'SecRuleRemoveById 920273 942432\n' : ''}`
