// Main LINK DIGITS PKI: a wallet nobody here wrote (Multipaz) gets photo IDs from a desk by a clerk's code: offer by reference,
// metadata, transaction code, DPoP with the server's nonce, wallet attestation, nonce, key attestation. PKI holds a wallet provider
// that the desk was told to believe: provider.pem (the key), provider.der (its certificate).
import io.ktor.client.HttpClient
import io.ktor.client.engine.java.Java
import java.io.File
import kotlin.reflect.KClass
import kotlin.reflect.cast
import kotlin.system.exitProcess
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import kotlinx.io.bytestring.ByteString
import org.multipaz.cbor.Cbor
import org.multipaz.crypto.Algorithm
import org.multipaz.crypto.AsymmetricKey
import org.multipaz.crypto.EcPrivateKey
import org.multipaz.crypto.X509Cert
import org.multipaz.crypto.X509CertChain
import org.multipaz.provisioning.AuthorizationChallenge
import org.multipaz.provisioning.AuthorizationResponse
import org.multipaz.provisioning.CredentialKeyAttestation
import org.multipaz.provisioning.KeyBindingInfo
import org.multipaz.provisioning.openid4vci.OpenID4VCI
import org.multipaz.provisioning.openid4vci.OpenID4VCIBackend
import org.multipaz.provisioning.openid4vci.OpenID4VCIBackendUtil
import org.multipaz.provisioning.openid4vci.OpenID4VCIClientPreferences
import org.multipaz.rpc.backend.BackendEnvironment
import org.multipaz.securearea.CreateKeySettings
import org.multipaz.securearea.KeyAttestation
import org.multipaz.securearea.KeyInfo
import org.multipaz.securearea.SecureArea
import org.multipaz.securearea.SecureAreaProvider
import org.multipaz.securearea.software.SoftwareSecureArea
import org.multipaz.storage.ephemeral.EphemeralStorage

private const val CLIENT_ID = "kr.example.multipaz-wallet"
private const val KEYS = 3

/** One key for DPoP and for the wallet attestation, as the desk wants it; the library would make two. */
private class OneInstanceKey(private val inner: SecureArea) : SecureArea by inner {
    private val alias = "dpop:$CLIENT_ID"

    override suspend fun createKey(alias: String?, createKeySettings: CreateKeySettings): KeyInfo =
        if (alias != null) inner.createKey(alias, createKeySettings)
        else runCatching { inner.getKeyInfo(this.alias) }.getOrElse { inner.createKey(this.alias, createKeySettings) }
}

private class Provider(private val key: AsymmetricKey) : OpenID4VCIBackend {
    override suspend fun getClientId() = CLIENT_ID

    override suspend fun createJwtClientAssertion(authorizationServerIdentifier: String) =
        error("the desk asks for no client assertion")

    override suspend fun createJwtWalletAttestation(keyAttestation: KeyAttestation) =
        OpenID4VCIBackendUtil.createWalletAttestation(
            signingKey = key, clientId = CLIENT_ID, attestationIssuer = "https://provider.example",
            attestedKey = keyAttestation.publicKey, nonce = null, walletName = null, walletLink = null,
        )

    override suspend fun createJwtKeyAttestation(
        credentialKeyAttestations: List<CredentialKeyAttestation>,
        challenge: String,
        userAuthentication: List<String>?,
        keyStorage: List<String>?,
    ) = OpenID4VCIBackendUtil.createJwtKeyAttestation(
        signingKey = key, attestationIssuer = "https://provider.example", keysToAttest = credentialKeyAttestations,
        challenge = challenge, userAuthentication = listOf("iso_18045_high"), keyStorage = listOf("iso_18045_high"),
    )
}

private class Environment(private val parts: Map<KClass<*>, Any>) : BackendEnvironment {
    override fun <T : Any> getInterface(clazz: KClass<T>): T? = parts[clazz]?.let(clazz::cast)
}

private fun check(holds: Boolean, why: String) {
    if (!holds) {
        System.err.println("multipaz: $why")
        exitProcess(1)
    }
}

fun main(arguments: Array<String>) = runBlocking {
    val (link, digits, pki) = arguments
    val certificate = X509Cert(ByteString(File(pki, "provider.der").readBytes()))
    val key = AsymmetricKey.X509CertifiedExplicit(
        X509CertChain(listOf(certificate)),
        EcPrivateKey.fromPem(File(pki, "provider-pkcs8.pem").readText(), certificate.ecPublicKey),
        Algorithm.ES256,
    )
    val keys = SoftwareSecureArea.create(EphemeralStorage())
    val instance = OneInstanceKey(keys)
    val environment = Environment(
        mapOf(
            HttpClient::class to HttpClient(Java) { followRedirects = false },
            SecureAreaProvider::class to SecureAreaProvider<SecureArea>(Dispatchers.Default) { instance },
            OpenID4VCIBackend::class to Provider(key),
        ),
    )
    withContext(environment) {
        val preferences = OpenID4VCIClientPreferences(
            clientId = CLIENT_ID,
            redirectUrl = "https://multipaz-wallet.example/issued",
            locales = listOf("ko", "en"),
            signingAlgorithms = listOf(Algorithm.ESP256, Algorithm.ES256),
        )
        val client = OpenID4VCI.createClientFromOffer(link, preferences)
        val metadata = client.getMetadata()
        check(metadata.credentials.size == 1, "${metadata.credentials.size} credentials are offered")

        val others = digits.map { if (it == '0') '1' else '0' }.joinToString("")
        for ((secret, left) in listOf(others to 1, digits to 0)) {
            val challenge = client.getAuthorizationChallenges().single() as AuthorizationChallenge.SecretText
            check(challenge.request.length == 6 && challenge.request.isNumeric, "another code is asked for")
            client.authorize(AuthorizationResponse.SecretText(challenge.id, secret))
            check(client.getAuthorizationChallenges().size == left, "the digits $secret did not end as they should")
        }

        client.getKeyBindingChallenge()
        val made = (1..KEYS).map { keys.createKey(null, CreateKeySettings()) }
        val attested = made.map { CredentialKeyAttestation(it.alias, it.attestation) }
        val credentials = client.obtainCredentials(KeyBindingInfo.Attestation(attested)).certifications.map { it.issuerData }
        check(credentials.size == KEYS, "${credentials.size} credentials came")
        // Each is an IssuerSigned of ISO/IEC 18013-5 with the security object of the photo ID.
        for (credential in credentials) {
            val issued = Cbor.decode(credential.toByteArray())
            check(issued.hasKey("issuerAuth") && issued.hasKey("nameSpaces"), "no IssuerSigned came")
        }
        check(credentials.toSet().size == KEYS, "one credential came twice")
        println("multipaz: ${credentials.size} photo IDs by a clerk's code")
    }
}
