import type { Values } from './values.ts'

/** What a browser sends with every request; all but the host and the encoding is new each time. */
export function browserHeaders(values: Values): string[] {
  const version = `${100 + values.number(60)}.0.${values.digits(4)}.${values.digits(3)}`
  const quality = () => `0.${values.digits(3)}`
  return [
    'Host',
    'shop.example',
    'User-Agent',
    `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version} Safari/537.36`,
    'Accept',
    `text/html,application/xhtml+xml,application/xml;q=${quality()},image/avif;q=${quality()},*/*;q=${quality()}`,
    'Accept-Language',
    `en-GB,en;q=${quality()},fr;q=${quality()},nl;q=${quality()}`,
    'Accept-Encoding',
    'identity',
    'Cookie',
    `session=${values.hex(12)}; theme=${values.name()}; _ga=GA1.2.${values.digits(10)}.${values.digits(10)}`,
    'Referer',
    `https://shop.example/catalog?page=${values.digits(6)}&sort=${values.name()}`,
  ]
}
