import t from 'tap'
import { registeredDomain } from '../../../src/acme/budget/registered-domain.ts'

t.test('names by the public suffix list, addresses as the CA counts them', async (t) => {
  const cases = {
    'example.com': 'example.com',
    'a.b.example.com': 'example.com',
    'new.blog.example.co.uk': 'example.co.uk',
    'shop.example': 'shop.example',
    'www.shop.example': 'shop.example',
    // The private part of the list: a customer of a hoster is a domain of its own.
    'a.customer.github.io': 'customer.github.io',
    'github.io': 'github.io',
    'co.uk': 'co.uk',
    localhost: 'localhost',
    'a_b.example.com': 'example.com',
    'xn--bcher-kva.example.de': 'example.de',
    '192.0.2.7': '192.0.2.7',
    '2001:db8:0:7::1': '2001:db8:0:7::',
    '2001:db8:0:7:ffff::2': '2001:db8:0:7::',
    '::1': '0:0:0:0::',
  }
  for (const [name, domain] of Object.entries(cases)) t.equal(registeredDomain(name), domain, name)
  t.equal(Object.keys(cases).length, 15)
})
