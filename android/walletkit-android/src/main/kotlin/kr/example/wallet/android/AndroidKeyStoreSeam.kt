package kr.example.wallet.android

import android.content.Context
import android.hardware.biometrics.BiometricManager
import android.hardware.biometrics.BiometricPrompt
import android.security.keystore.KeyInfo
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.withContext
import kr.example.wallet.core.Attestation
import kr.example.wallet.core.CreatedKeys
import kr.example.wallet.core.HolderKeyId
import kr.example.wallet.core.InstanceKeyId
import kr.example.wallet.core.KeyPolicy
import kr.example.wallet.core.KeyPurpose
import kr.example.wallet.core.KeyStore
import kr.example.wallet.core.KeyStoreException
import kr.example.wallet.core.NewKey
import kr.example.wallet.core.Prompt
import kr.example.wallet.core.SignRequest
import kr.example.wallet.core.UserAuthentication
import kr.example.wallet.core.WrapKeyId
import java.security.Key
import java.security.KeyFactory
import java.security.PrivateKey
import java.security.Signature
import javax.crypto.Cipher
import javax.crypto.SecretKey
import javax.crypto.SecretKeyFactory
import java.security.KeyStore as SystemKeyStore

/**
 * The core's keys in the Android Keystore. Private keys never leave the secure hardware; a Holder key signs once for each
 * approval of the prompt that [prompts] shows. Holds nothing between calls but the keys' names.
 *
 * @param report told of each key made, where it was asked to live and where it does. A phone without StrongBox makes its keys
 *   in the main secure world, and this is where the app learns of it; the attestation proves it to the issuer.
 */
public class AndroidKeyStoreSeam(
    context: Context,
    private val prompts: PromptHost,
    private val report: (KeyHome) -> Unit = {},
) : KeyStore {
    private val biometrics: BiometricManager = requireNotNull(context.getSystemService(BiometricManager::class.java))
    private val keys: SystemKeyStore by lazy { SystemKeyStore.getInstance(PROVIDER).apply { load(null) } }

    override suspend fun create(
        policy: KeyPolicy,
        challenge: ByteArray,
        count: UInt,
    ): CreatedKeys {
        if (!policy.isAllowed()) throw KeyStoreException.Failed(KeyStoreCodes.INVALID_ARGUMENT)
        if (count !in 1u..MAX_KEYS || challenge.size > MAX_CHALLENGE) throw KeyStoreException.Failed(KeyStoreCodes.INVALID_INPUT_LENGTH)
        if (policy.isAuthenticated()) biometricsFailure(biometrics.canAuthenticate(STRONG))?.let { throw it }
        val made = mutableListOf<Pair<NewKey, List<ByteArray>>>()
        try {
            withContext(Dispatchers.IO) {
                repeat(count.toInt()) {
                    ensureActive()
                    made += make(policy, challenge)
                }
            }
        } catch (failure: Throwable) {
            // Half a batch is of no use to anybody and would stay in the hardware for ever.
            withContext(NonCancellable) { runCatching { delete(made.map { (key, _) -> key.id }) } }
            throw failure
        }
        return CreatedKeys(made.map { it.first }, Attestation.AndroidChain(made.map { it.second }))
    }

    override suspend fun sign(
        key: HolderKeyId,
        requests: List<SignRequest>,
        prompt: Prompt,
    ): List<ByteArray> {
        val private = find(key, KeyPurpose.HOLDER) as PrivateKey
        val window = window(private)
        if (requests.isEmpty() || (!window && requests.size > 1)) throw KeyStoreException.Failed(KeyStoreCodes.INVALID_INPUT_LENGTH)
        if (window) {
            prompts.approve(prompt, null)
            return hardware { requests.map { request -> sign(begin(private), request.message) } }
        }
        // The finger authorises this one operation, not a time: the hardware takes the approval for it and for nothing else.
        val operation = hardware { begin(private) }
        prompts.approve(prompt, BiometricPrompt.CryptoObject(operation))
        return hardware { listOf(sign(operation, requests.single().message)) }
    }

    override suspend fun signInstance(
        key: InstanceKeyId,
        message: ByteArray,
    ): ByteArray {
        val private = find(key, KeyPurpose.INSTANCE) as PrivateKey
        return hardware { sign(begin(private), message) }
    }

    /** The bytes of [plain] are wiped. */
    override suspend fun wrap(
        key: WrapKeyId,
        plain: ByteArray,
    ): ByteArray =
        try {
            if (plain.size !in 1..MAX_WRAPPED) throw KeyStoreException.Failed(KeyStoreCodes.INVALID_INPUT_LENGTH)
            when (val found = find(key, KeyPurpose.WRAP)) {
                is SecretKey -> hardware { Seal.close(found, key, plain) }
                else -> hardware { PublicSeal.close(keys.getCertificate(key).publicKey, plain) }
            }
        } finally {
            plain.fill(0)
        }

    override suspend fun unwrap(
        key: WrapKeyId,
        wrapped: ByteArray,
        prompt: Prompt?,
    ): ByteArray {
        val found = find(key, KeyPurpose.WRAP)
        if (found is SecretKey) return hardware { Seal.open(found, key, wrapped) }
        val shown = prompt ?: throw KeyStoreException.Failed(KeyStoreCodes.KEY_USER_NOT_AUTHENTICATED)
        // Known before anybody is asked for a finger.
        if (wrapped.size != PublicSeal.LENGTH) throw KeyStoreException.Failed(KeyStoreCodes.VERIFICATION_FAILED)
        if (window(found)) {
            prompts.approve(shown, null)
            return hardware { PublicSeal.begin(found).doFinal(wrapped) }
        }
        val operation: Cipher = hardware { PublicSeal.begin(found) }
        prompts.approve(shown, BiometricPrompt.CryptoObject(operation))
        return hardware { operation.doFinal(wrapped) }
    }

    override suspend fun delete(ids: List<String>): List<String> =
        hardware {
            ids.filter { id ->
                // Other keys of the app are none of the core's business.
                if (kindOf(id) != null) runCatching { keys.deleteEntry(id) }
                !keys.containsAlias(id)
            }
        }

    /** Where the key called [id] lives. */
    public suspend fun home(id: String): SecureHome {
        val kind = kindOf(id) ?: throw KeyStoreException.KeyNotFound()
        val key = find(id, kind)
        return hardware { SecureHome.of(info(key)) }
    }

    private fun make(
        policy: KeyPolicy,
        challenge: ByteArray,
    ): Pair<NewKey, List<ByteArray>> {
        val maker = KeyMaker(policy, challenge)
        val id = maker.id
        try {
            try {
                maker.make()
            } catch (failure: Exception) {
                throw creationFailure(failure, policy.isAuthenticated())
            }
            report(KeyHome(id, policy.residence, SecureHome.of(info(keys.getKey(id, null)))))
            return when (policy.purpose) {
                // Nobody checks what vouches for a wrapping key, and it has no half that others would use.
                KeyPurpose.WRAP -> {
                    NewKey(id, ByteArray(0)) to emptyList()
                }

                KeyPurpose.HOLDER, KeyPurpose.INSTANCE -> {
                    NewKey(id, point(keys.getCertificate(id).publicKey)) to keys.getCertificateChain(id).map { it.encoded }
                }
            }
        } catch (failure: Exception) {
            // It may have been made before something failed, and nobody would know its name.
            runCatching { keys.deleteEntry(id) }
            throw keyStoreFailure(failure)
        }
    }

    private suspend fun find(
        id: String,
        purpose: KeyPurpose,
    ): Key {
        // The hardware keeps the kinds apart by prompt and purpose; the name tells those that both sign.
        if (kindOf(id) != purpose) throw KeyStoreException.KeyNotFound()
        return hardware { keys.getKey(id, null) } ?: throw KeyStoreException.KeyNotFound()
    }

    /** Whether an approval is good for seconds instead of for one operation. The hardware's word, not the name's. */
    private suspend fun window(key: Key): Boolean = hardware { info(key).userAuthenticationValidityDurationSeconds > 0 }

    private fun info(key: Key): KeyInfo =
        when (key) {
            is SecretKey -> {
                SecretKeyFactory
                    .getInstance(key.algorithm, PROVIDER)
                    .getKeySpec(key, KeyInfo::class.java) as KeyInfo
            }

            else -> {
                KeyFactory.getInstance(key.algorithm, PROVIDER).getKeySpec(key, KeyInfo::class.java)
            }
        }

    private fun begin(key: PrivateKey): Signature = Signature.getInstance(ES256).apply { initSign(key) }

    private fun sign(
        operation: Signature,
        message: ByteArray,
    ): ByteArray {
        operation.update(message)
        return fixed(operation.sign())
    }

    /** Runs [call] where it may block; the hardware takes milliseconds to seconds. */
    private suspend fun <T> hardware(call: () -> T): T =
        withContext(Dispatchers.IO) {
            try {
                call()
            } catch (stopped: CancellationException) {
                throw stopped
            } catch (failure: Exception) {
                throw keyStoreFailure(failure)
            }
        }

    internal companion object {
        const val PROVIDER = "AndroidKeyStore"
        const val STRONG = BiometricManager.Authenticators.BIOMETRIC_STRONG
        private const val ES256 = "SHA256withECDSA"
        private const val MAX_KEYS = 64u
        private const val MAX_CHALLENGE = 128
        private const val MAX_WRAPPED = 64
    }
}
