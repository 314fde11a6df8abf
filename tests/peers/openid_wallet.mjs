// node openid_wallet.mjs BASE LINK DIGITS PKI: a wallet nobody here wrote (@openid4vc/openid4vci) gets a photo ID from a desk by a
// clerk's code: offer by reference, metadata, transaction code, DPoP with the server's nonce, wallet attestation, nonce, key
// attestation, batch, notification. PKI holds a wallet provider that the desk was told to believe: provider.jwk, provider.der.
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Openid4vciClient, Openid4vciRetrieveCredentialsError } from '@openid4vc/openid4vci'
import { clientAuthenticationClientAttestationJwt, setGlobalConfig } from '@openid4vc/oauth2'
import { IssuerSigned } from '@owf/mdoc'
import * as jose from 'jose'

const [base, link, digits, pki] = process.argv.slice(2)
setGlobalConfig({ allowInsecureUrls: true })
const fail = (why) => {
  console.error(`openid_wallet: ${why}`)
  process.exit(1)
}
const check = (holds, why) => holds || fail(why)

const provider = await jose.importJWK(JSON.parse(readFileSync(`${pki}/provider.jwk`)), 'ES256')
const x5c = [readFileSync(`${pki}/provider.der`).toString('base64')]
const makeKey = async () => {
  const pair = await jose.generateKeyPair('ES256', { extractable: true })
  return { private: pair.privateKey, public: await jose.exportJWK(pair.publicKey) }
}
const instance = await makeKey()
const seconds = () => Math.floor(Date.now() / 1000)
const vouch = (typ, claims) =>
  new jose.SignJWT({ iat: seconds(), exp: seconds() + 600, ...claims })
    .setProtectedHeader({ alg: 'ES256', typ, x5c })
    .sign(provider)
const attestation = await vouch('oauth-client-attestation+jwt', {
  iss: 'https://provider.example', sub: 'kr.example.other-wallet', cnf: { jwk: instance.public },
})

const callbacks = {
  hash: (data, algorithm) => createHash(algorithm.replace('-', '')).update(data).digest(),
  generateRandom: (count) => randomBytes(count),
  signJwt: async (signer, { header, payload }) => ({
    jwt: await new jose.SignJWT(payload).setProtectedHeader({ ...header, alg: 'ES256' }).sign(instance.private),
    signerJwk: instance.public,
  }),
  verifyJwt: () => ({ verified: false }),
  decryptJwe: () => ({ decrypted: false }),
  encryptJwe: () => fail('nothing is encrypted here'),
}
callbacks.clientAuthentication = clientAuthenticationClientAttestationJwt({ clientAttestationJwt: attestation, callbacks })
const client = new Openid4vciClient({ callbacks })

const offer = await client.resolveCredentialOffer(link)
check(offer.credential_issuer === base, 'the offer names another issuer')
const issuerMetadata = await client.resolveIssuerMetadata(offer.credential_issuer)
const wanted = 'resident_card.mdoc'
check(offer.credential_configuration_ids.includes(wanted), 'no photo ID is offered')

const signer = { method: 'jwk', alg: 'ES256', publicJwk: instance.public }
const { accessTokenResponse, dpop } = await client.retrievePreAuthorizedCodeAccessTokenFromOffer({
  credentialOffer: offer, issuerMetadata, txCode: digits, dpop: { signer },
})
check(accessTokenResponse.token_type === 'DPoP', `a token of type ${accessTokenResponse.token_type}`)
const granted = accessTokenResponse.authorization_details.find((detail) => detail.credential_configuration_id === wanted)
check(granted?.credential_identifiers?.length === 1, 'the token is for no photo ID')

const keys = [await makeKey(), await makeKey(), await makeKey()]
const proofs = async (nonce) => ({
  attestation: [
    await vouch('key-attestation+jwt', {
      attested_keys: keys.map((key) => key.public), key_storage: ['iso_18045_high'], user_authentication: ['iso_18045_high'], nonce,
      cnf: { jkt: await jose.calculateJwkThumbprint(instance.public) },
    }),
  ],
})
// This client names the configuration where the token answer has identifiers; the desk takes either.
const retrieve = async (nonce) =>
  client.retrieveCredentials({
    issuerMetadata, accessToken: accessTokenResponse.access_token, credentialConfigurationId: wanted, proofs: await proofs(nonce),
    dpop: { ...dpop, signer },
  })

// A nonce of one's own is refused by its name.
try {
  await retrieve(randomUUID())
  fail('keys over a nonce of my own were taken')
} catch (error) {
  if (!(error instanceof Openid4vciRetrieveCredentialsError)) throw error
  const told = error.response.credentialErrorResponseResult?.data?.error
  check(told === 'invalid_nonce', `refused with ${told}`)
}
const { c_nonce } = await client.requestNonce({ issuerMetadata })
const { credentialResponse } = await retrieve(c_nonce)
check(credentialResponse.credentials.length === keys.length, 'not one credential for each key')

const bound = credentialResponse.credentials.map(({ credential }) => {
  const document = IssuerSigned.decode(Buffer.from(credential, 'base64url'))
  const object = document.issuerAuth.mobileSecurityObject
  check(object.docType === 'org.iso.23220.photoid.1', `a document of type ${object.docType}`)
  const names = document.getPrettyClaims?.('org.iso.23220.1') ?? {}
  check(names.family_name === undefined || names.family_name.length > 0, 'no name')
  return JSON.stringify(object.deviceKeyInfo.deviceKey.jwk.x)
})
check(JSON.stringify(bound) === JSON.stringify(keys.map((key) => JSON.stringify(key.public.x))), 'bound to other keys')
await client.sendNotification({
  issuerMetadata, accessToken: accessTokenResponse.access_token, dpop: { ...dpop, signer },
  notification: { notificationId: credentialResponse.notification_id, event: 'credential_accepted' },
})

// The code is used up.
try {
  await client.resolveCredentialOffer(link)
  fail('a used offer is still there')
} catch {
  console.log(`openid_wallet: ${bound.length} photo IDs by a clerk's code`)
}
