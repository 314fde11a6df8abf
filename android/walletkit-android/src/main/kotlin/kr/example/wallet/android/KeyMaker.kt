package kr.example.wallet.android

import android.os.Build
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyInfo
import android.security.keystore.KeyProperties
import android.security.keystore.StrongBoxUnavailableException
import kr.example.wallet.core.KeyPolicy
import kr.example.wallet.core.KeyPurpose
import kr.example.wallet.core.Residence
import kr.example.wallet.core.UserAuthentication
import java.security.KeyPairGenerator
import java.security.spec.ECGenParameterSpec
import java.util.UUID
import javax.crypto.KeyGenerator

/** Where a key lives. */
public enum class SecureHome {
    /** A separate secure element. */
    STRONGBOX,

    /** The main secure world of the processor. */
    TRUSTED_ENVIRONMENT,

    /** Android itself: an emulator, or a phone without secure hardware. */
    SOFTWARE,

    /** Secure hardware, and the system does not say which. */
    SECURE_HARDWARE,

    ;

    internal companion object {
        fun of(key: KeyInfo): SecureHome {
            if (Build.VERSION.SDK_INT < Build.VERSION_CODES.S) {
                @Suppress("DEPRECATION")
                return if (key.isInsideSecureHardware) SECURE_HARDWARE else SOFTWARE
            }
            return when (key.securityLevel) {
                KeyProperties.SECURITY_LEVEL_STRONGBOX -> STRONGBOX
                KeyProperties.SECURITY_LEVEL_TRUSTED_ENVIRONMENT -> TRUSTED_ENVIRONMENT
                KeyProperties.SECURITY_LEVEL_UNKNOWN_SECURE -> SECURE_HARDWARE
                else -> SOFTWARE
            }
        }
    }
}

/** A key just made: where it was asked to live, and where it does. */
public data class KeyHome(
    /** The key's name. */
    val id: String,
    /** What its policy asked for. */
    val asked: Residence,
    /** What the phone had. */
    val got: SecureHome,
)

/** Holder keys always ask for the citizen, Instance keys never, windows are short. */
internal fun KeyPolicy.isAllowed(): Boolean =
    when (val authentication = userAuthentication) {
        is UserAuthentication.None -> purpose != KeyPurpose.HOLDER
        is UserAuthentication.EachUse -> purpose != KeyPurpose.INSTANCE
        is UserAuthentication.Window -> purpose != KeyPurpose.INSTANCE && authentication.seconds.toInt() in 1..MAX_WINDOW
    }

/** Whether the hardware asks for the citizen. */
internal fun KeyPolicy.isAuthenticated(): Boolean = userAuthentication !is UserAuthentication.None

/** What the key called [id] is for; null when it is not one of the core's. */
internal fun kindOf(id: String): KeyPurpose? = KeyPurpose.entries.firstOrNull { id.startsWith(prefix(it)) }

private fun prefix(purpose: KeyPurpose) = "walletkit-${purpose.name.lowercase()}-"

/** Makes one key by [policy], attested over [challenge]. */
internal class KeyMaker(
    private val policy: KeyPolicy,
    private val challenge: ByteArray,
) {
    /** The key's name. */
    val id: String = prefix(policy.purpose) + UUID.randomUUID()

    fun make() {
        if (policy.residence == Residence.SECURE_ELEMENT) {
            try {
                generate(strongBox = true)
                return
            } catch (_: StrongBoxUnavailableException) {
                // The one reason to do with less: there is no StrongBox, or it lacks this kind of key. Any other failure is one.
            }
        }
        generate(strongBox = false)
    }

    private fun generate(strongBox: Boolean) {
        when (policy.purpose) {
            KeyPurpose.HOLDER, KeyPurpose.INSTANCE -> {
                val spec = spec(KeyProperties.PURPOSE_SIGN, strongBox)
                spec
                    .setAlgorithmParameterSpec(ECGenParameterSpec("secp256r1"))
                    .setDigests(KeyProperties.DIGEST_SHA256)
                    .setAttestationChallenge(challenge)
                pair(KeyProperties.KEY_ALGORITHM_EC, spec.build())
            }

            KeyPurpose.WRAP -> {
                if (policy.isAuthenticated()) {
                    pair(KeyProperties.KEY_ALGORITHM_RSA, PublicSeal.describe(spec(KeyProperties.PURPOSE_DECRYPT, strongBox)).build())
                } else {
                    val purposes = KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT
                    KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, AndroidKeyStoreSeam.PROVIDER).run {
                        init(Seal.describe(spec(purposes, strongBox)).build())
                        generateKey()
                    }
                }
            }
        }
    }

    private fun pair(
        algorithm: String,
        spec: KeyGenParameterSpec,
    ) {
        KeyPairGenerator.getInstance(algorithm, AndroidKeyStoreSeam.PROVIDER).run {
            initialize(spec)
            generateKeyPair()
        }
    }

    private fun spec(
        purposes: Int,
        strongBox: Boolean,
    ): KeyGenParameterSpec.Builder {
        val spec = KeyGenParameterSpec.Builder(id, purposes).setIsStrongBoxBacked(strongBox)
        when (val authentication = policy.userAuthentication) {
            is UserAuthentication.None -> {
                // From Android 12 to 14 such a key cannot be made without a screen lock, is deleted with the lock, and stays shut
                // after an unlocking by a weak biometric: it would take the wallet with it.
                if (Build.VERSION.SDK_INT >= ANDROID_15) spec.setUnlockedDeviceRequired(true)
            }

            is UserAuthentication.EachUse -> {
                authenticate(spec, 0)
            }

            is UserAuthentication.Window -> {
                authenticate(spec, authentication.seconds.toInt())
            }
        }
        return spec
    }

    /** The prompt is shown on an unlocked phone only, so that its being unlocked need not be asked for beside it. */
    private fun authenticate(
        spec: KeyGenParameterSpec.Builder,
        seconds: Int,
    ) {
        spec
            .setUserAuthenticationRequired(true)
            .setUserAuthenticationParameters(seconds, KeyProperties.AUTH_BIOMETRIC_STRONG)
            .setInvalidatedByBiometricEnrollment(true)
    }
}

/** Not among the names of API 34. */
internal const val ANDROID_15 = 35

/** Longest window, seconds. */
private const val MAX_WINDOW = 10
