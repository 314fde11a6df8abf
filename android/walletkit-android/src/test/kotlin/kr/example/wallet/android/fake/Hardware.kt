package kr.example.wallet.android.fake

import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyInfo
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.KeyProperties
import android.security.keystore.StrongBoxUnavailableException
import android.security.keystore.UserNotAuthenticatedException
import java.security.Key
import java.security.KeyPair
import java.security.PrivateKey
import java.security.PublicKey
import java.security.cert.Certificate
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicLong
import javax.crypto.SecretKey
import android.security.KeyStoreException as SystemKeyStoreException

/**
 * What stands behind a phone's Keystore: it holds keys, knows what each may do, and does nothing under an approval that it was
 * not given. One for the process, as on a phone; [reset] makes it new.
 */
object Hardware {
    val entries: MutableMap<String, Entry> = ConcurrentHashMap()

    /** Every description of a key that was asked for, in order, of refused ones too. */
    val asked: MutableList<KeyGenParameterSpec> = java.util.Collections.synchronizedList(mutableListOf())

    /** Whether there is a separate secure element. */
    @Volatile var strongBox = true

    /** Thrown in place of the named act, once. */
    val faults = ConcurrentHashMap<Act, Throwable>()

    /** Run before each key is made. */
    @Volatile var making: () -> Unit = {}

    /** The chain that vouches for a key: its own certificate and an issuer. */
    @Volatile var vouch: (PublicKey, KeyGenParameterSpec) -> List<Certificate> = ::plainChain

    /** When the citizen last showed a finger, milliseconds; the time since is [clock]'s. */
    @Volatile var authenticatedAt: Long? = null

    @Volatile var clock = 0L

    private val approved = ConcurrentHashMap.newKeySet<Long>()
    private val operations = AtomicLong()

    enum class Act { GENERATE, LOAD, BEGIN, FINISH, DELETE, CONTAINS }

    class Entry(
        val spec: KeyGenParameterSpec,
        val pair: KeyPair?,
        val secret: SecretKey?,
        val chain: List<Certificate>,
    ) {
        @Volatile var invalidated = false
        val eachUse get() = spec.isUserAuthenticationRequired && spec.userAuthenticationValidityDurationSeconds <= 0
    }

    fun reset() {
        entries.clear()
        asked.clear()
        faults.clear()
        approved.clear()
        strongBox = true
        making = {}
        vouch = ::plainChain
        authenticatedAt = null
        clock = 0
    }

    fun fail(act: Act) {
        faults.remove(act)?.let { throw it }
    }

    /** Takes the description of a key to be made. */
    fun accept(spec: KeyGenParameterSpec) {
        asked += spec
        making()
        fail(Act.GENERATE)
        if (spec.isStrongBoxBacked && !strongBox) throw StrongBoxUnavailableException("Failed to generate key pair")
    }

    /** A finger was added or the lock removed: what asks for a finger is dead, if it was made to die. */
    fun enrolAnotherFinger() {
        for (entry in entries.values) {
            if (entry.spec.isUserAuthenticationRequired && entry.spec.isInvalidatedByBiometricEnrollment) entry.invalidated = true
        }
    }

    /** Opens an operation with the key; gives back its number. */
    fun begin(
        alias: String,
        purpose: Int,
    ): Long {
        fail(Act.BEGIN)
        val entry = entries.getValue(alias)
        if (entry.invalidated) throw KeyPermanentlyInvalidatedException()
        if (entry.spec.purposes and purpose == 0) throw java.security.InvalidKeyException("Incompatible purpose")
        if (entry.spec.isUserAuthenticationRequired && !entry.eachUse) {
            val age = authenticatedAt?.let { clock - it }
            if (age == null || age > entry.spec.userAuthenticationValidityDurationSeconds * 1000L) throw UserNotAuthenticatedException()
        }
        return operations.incrementAndGet()
    }

    /** Whether the operation may finish: its approval is used up. */
    fun finish(
        alias: String,
        operation: Long,
    ) {
        fail(Act.FINISH)
        val entry = entries.getValue(alias)
        if (entry.eachUse && !approved.remove(operation)) throw SystemKeyStoreException(KEY_USER_NOT_AUTHENTICATED, "not approved")
    }

    /** The right finger, under the prompt that carries [operation]; without one, for every key of a window. */
    fun approve(operation: Long?) {
        if (operation != null) approved += operation else authenticatedAt = clock
    }

    fun info(alias: String): KeyInfo {
        val spec = entries.getValue(alias).spec
        val level =
            if (spec.isStrongBoxBacked) {
                KeyProperties.SECURITY_LEVEL_STRONGBOX
            } else {
                KeyProperties.SECURITY_LEVEL_TRUSTED_ENVIRONMENT
            }
        return KeyInfo(
            alias,
            true,
            KeyProperties.ORIGIN_GENERATED,
            spec.keySize,
            null,
            null,
            null,
            spec.purposes,
            spec.encryptionPaddings,
            spec.signaturePaddings,
            if (spec.isDigestsSpecified) spec.digests else emptyArray(),
            spec.blockModes,
            spec.isUserAuthenticationRequired,
            // The system says -1 of a key for each use.
            if (spec.userAuthenticationValidityDurationSeconds > 0) spec.userAuthenticationValidityDurationSeconds else -1,
            spec.userAuthenticationType,
            spec.isUserAuthenticationRequired,
            false,
            false,
            spec.isInvalidatedByBiometricEnrollment,
            false,
            level,
            -1,
        )
    }

    /** KeyMint's number. */
    private const val KEY_USER_NOT_AUTHENTICATED = -26
}

/** A name for a key that never leaves; no bytes of it can be had. */
class HardwarePrivateKey(
    val alias: String,
    private val kind: String,
) : PrivateKey {
    override fun getAlgorithm(): String = kind

    override fun getFormat(): String? = null

    override fun getEncoded(): ByteArray? = null
}

/** As [HardwarePrivateKey], of a key without a public half. */
class HardwareSecretKey(
    val alias: String,
) : SecretKey {
    override fun getAlgorithm(): String = "AES"

    override fun getFormat(): String? = null

    override fun getEncoded(): ByteArray? = null
}

internal fun Key.alias(): String =
    when (this) {
        is HardwarePrivateKey -> alias
        is HardwareSecretKey -> alias
        else -> throw java.security.InvalidKeyException("not a key of this hardware")
    }

/** A certificate as far as the seam looks: its bytes hold the key's and the challenge. */
class PlainCertificate(
    private val key: PublicKey,
    private val bytes: ByteArray,
) : Certificate("X.509") {
    override fun getEncoded(): ByteArray = bytes.copyOf()

    override fun verify(key: PublicKey) = Unit

    override fun verify(
        key: PublicKey,
        provider: String,
    ) = Unit

    override fun toString(): String = "certificate"

    override fun getPublicKey(): PublicKey = key
}

private fun plainChain(
    key: PublicKey,
    spec: KeyGenParameterSpec,
): List<Certificate> {
    val leaf = PlainCertificate(key, key.encoded + (spec.attestationChallenge ?: ByteArray(0)))
    // Without a challenge the system signs the key with itself.
    return if (spec.attestationChallenge == null) listOf(leaf) else listOf(leaf, PlainCertificate(key, "issuer".encodeToByteArray()))
}
