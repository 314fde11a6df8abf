package kr.example.wallet.android

import android.hardware.biometrics.BiometricManager
import android.hardware.biometrics.BiometricPrompt
import android.os.Build
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.UserNotAuthenticatedException
import kr.example.wallet.core.KeyStoreException
import java.security.UnrecoverableKeyException
import javax.crypto.BadPaddingException
import javax.crypto.IllegalBlockSizeException
import android.security.KeyStoreException as SystemKeyStoreException

/** What [KeyStoreException.Failed.osCode] says beside the codes of Android: KeyMint's own numbers. */
public object KeyStoreCodes {
    /** More requests than one prompt authorises, none, or a value too long. */
    public const val INVALID_INPUT_LENGTH: Int = -21

    /** The key asks for the citizen and there was no prompt. */
    public const val KEY_USER_NOT_AUTHENTICATED: Int = -26

    /** The bytes to unwrap were altered or belong to another key. */
    public const val VERIFICATION_FAILED: Int = -30

    /** No such combination of purpose and user authentication. */
    public const val INVALID_ARGUMENT: Int = -38

    /** The system failed and does not say how. */
    public const val UNKNOWN_ERROR: Int = -1000
}

/** Names a failure of the Android Keystore for what the app does next. It is wrapped to different depths on different versions. */
internal fun keyStoreFailure(failure: Throwable): KeyStoreException {
    val found =
        generateSequence(failure) { it.cause }.take(DEPTH).firstNotNullOfOrNull(::named)
            ?: when (failure) {
                // getKey says so of a key that died, without a cause.
                is UnrecoverableKeyException -> KeyStoreException.KeyInvalidated()

                is BadPaddingException, is IllegalBlockSizeException -> KeyStoreException.Failed(KeyStoreCodes.VERIFICATION_FAILED)

                else -> KeyStoreException.Failed(KeyStoreCodes.UNKNOWN_ERROR)
            }
    // For a developer's debugger; the core is told the name and the number.
    if (found !== failure && found.cause == null) found.initCause(failure)
    return found
}

/** As [keyStoreFailure], of making a key with user authentication: a phone without a lock or a finger refuses the parameters. */
internal fun creationFailure(
    failure: Throwable,
    authenticated: Boolean,
): KeyStoreException {
    val refused = generateSequence(failure) { it.cause }.take(DEPTH).any { it is IllegalStateException }
    return if (authenticated && refused) KeyStoreException.NoBiometrics() else keyStoreFailure(failure)
}

/** Names an error of the biometric prompt. */
internal fun promptFailure(code: Int): KeyStoreException =
    when (code) {
        BiometricPrompt.BIOMETRIC_ERROR_USER_CANCELED,
        // The system took it away: a call came, the screen went dark. Nothing happened and it can be asked again.
        BiometricPrompt.BIOMETRIC_ERROR_CANCELED,
        BiometricPrompt.BIOMETRIC_ERROR_TIMEOUT,
        NEGATIVE_BUTTON,
        POWER_PRESSED,
        -> KeyStoreException.UserCancelled()

        BiometricPrompt.BIOMETRIC_ERROR_LOCKOUT,
        BiometricPrompt.BIOMETRIC_ERROR_LOCKOUT_PERMANENT,
        -> KeyStoreException.LockedOut()

        BiometricPrompt.BIOMETRIC_ERROR_NO_BIOMETRICS,
        BiometricPrompt.BIOMETRIC_ERROR_HW_NOT_PRESENT,
        BiometricPrompt.BIOMETRIC_ERROR_NO_DEVICE_CREDENTIAL,
        -> KeyStoreException.NoBiometrics()

        BiometricPrompt.BIOMETRIC_ERROR_HW_UNAVAILABLE,
        BiometricPrompt.BIOMETRIC_ERROR_SECURITY_UPDATE_REQUIRED,
        SENSOR_PRIVACY_ENABLED,
        -> KeyStoreException.Unavailable()

        else -> KeyStoreException.Failed(code)
    }

/** Names what `BiometricManager.canAuthenticate` says; null when a strong biometric can be asked for. */
internal fun biometricsFailure(state: Int): KeyStoreException? =
    when (state) {
        BiometricManager.BIOMETRIC_SUCCESS -> null

        BiometricManager.BIOMETRIC_ERROR_NONE_ENROLLED, BiometricManager.BIOMETRIC_ERROR_NO_HARDWARE -> KeyStoreException.NoBiometrics()

        BiometricManager.BIOMETRIC_ERROR_HW_UNAVAILABLE,
        BiometricManager.BIOMETRIC_ERROR_SECURITY_UPDATE_REQUIRED,
        -> KeyStoreException.Unavailable()

        else -> KeyStoreException.Failed(state)
    }

private fun named(failure: Throwable): KeyStoreException? =
    when (failure) {
        is KeyStoreException -> {
            failure
        }

        is KeyPermanentlyInvalidatedException -> {
            KeyStoreException.KeyInvalidated()
        }

        // Of a key with a prompt: its window is over. Of one without: the phone is locked. Neither is for good.
        is UserNotAuthenticatedException -> {
            KeyStoreException.Unavailable()
        }

        is SystemKeyStoreException -> {
            system(failure)
        }

        else -> {
            null
        }
    }

private fun system(failure: SystemKeyStoreException): KeyStoreException {
    // Before Android 13 the exception was there and its codes were not for apps.
    if (Build.VERSION.SDK_INT < Build.VERSION_CODES.TIRAMISU) return KeyStoreException.Failed(KeyStoreCodes.UNKNOWN_ERROR)
    return when (val code = failure.numericErrorCode) {
        SystemKeyStoreException.ERROR_KEY_DOES_NOT_EXIST -> KeyStoreException.KeyNotFound()

        SystemKeyStoreException.ERROR_KEY_CORRUPTED -> KeyStoreException.KeyInvalidated()

        SystemKeyStoreException.ERROR_USER_AUTHENTICATION_REQUIRED,
        // Not unlocked since the phone was started.
        SystemKeyStoreException.ERROR_KEYSTORE_UNINITIALIZED,
        // Its place was taken while the prompt was shown.
        SystemKeyStoreException.ERROR_KEY_OPERATION_EXPIRED,
        SystemKeyStoreException.ERROR_ATTESTATION_KEYS_UNAVAILABLE,
        -> KeyStoreException.Unavailable()

        else -> if (failure.isTransientFailure) KeyStoreException.Unavailable() else KeyStoreException.Failed(code)
    }
}

/** Longest chain of causes that is looked at. */
private const val DEPTH = 8

// Constants of the system that the SDK does not show, or not to every version.
private const val NEGATIVE_BUTTON = 13
private const val SENSOR_PRIVACY_ENABLED = 18
private const val POWER_PRESSED = 19
