// node status_list.mjs < jobs: reads and makes Token Status Lists with a library nobody here wrote (@sd-jwt/jwt-status-list).
// Jobs: {read: [{bits, lst}], make: [{bits, values}], jwt, jwk}. Answer: {read: [[value…]…], made: [lst…], jwt: [value…]}.
import { StatusList, getListFromStatusListJWT } from '@sd-jwt/jwt-status-list'
import { readFileSync } from 'node:fs'
import * as jose from 'jose'

const jobs = JSON.parse(readFileSync(0, 'utf8'))
const values = (list, count) => Array.from({ length: count }, (_, index) => list.getStatus(index))
const read = jobs.read.map(({ bits, lst, count }) => values(StatusList.decompressStatusList(lst, bits), count))
const made = jobs.make.map(({ bits, values }) => new StatusList(values, bits).compressStatusList())
await jose.jwtVerify(jobs.jwt, await jose.importJWK(jobs.jwk, 'ES256'), { typ: 'statuslist+jwt', currentDate: new Date(jobs.now * 1000) })
const jwt = values(getListFromStatusListJWT(jobs.jwt), jobs.count)
console.log(JSON.stringify({ read, made, jwt }))
