package kr.example.wallet.android.fake

import android.content.DialogInterface
import android.hardware.biometrics.BiometricManager
import android.hardware.biometrics.BiometricPrompt
import android.os.CancellationSignal
import org.robolectric.annotation.Implementation
import org.robolectric.annotation.Implements
import org.robolectric.annotation.RealObject
import org.robolectric.shadows.ShadowBiometricManager
import org.robolectric.util.ReflectionHelpers
import java.nio.ByteBuffer
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.Executor

/** The person before the phone, and every prompt they were shown. */
object Citizen {
    /** What they do at a prompt. */
    sealed interface Deed {
        /** The right finger. */
        data object Approve : Deed

        /** A finger that is not known; then the right one. */
        data object WrongFingerFirst : Deed

        /** The button that says "cancel". */
        data object PressCancel : Deed

        /** Nothing at all. */
        data object Wait : Deed

        /** The system ends it. */
        data class Error(
            val code: Int,
        ) : Deed

        /** The system does not even show it. */
        data class Refuse(
            val failure: RuntimeException,
        ) : Deed
    }

    /** A prompt as it was shown. */
    class Shown(
        val title: String,
        val subtitle: String?,
        val description: String?,
        val cancel: String?,
        val authenticators: Int,
        val confirmed: Boolean,
        val crypto: BiometricPrompt.CryptoObject?,
        val signal: CancellationSignal,
    )

    /** What they do next; once it is empty they approve. */
    val deeds = ConcurrentLinkedQueue<Deed>()
    val shown = ConcurrentLinkedQueue<Shown>()

    /** What the phone says of its biometrics. */
    @Volatile var biometrics = BiometricManager.BIOMETRIC_SUCCESS

    fun reset() {
        deeds.clear()
        shown.clear()
        biometrics = BiometricManager.BIOMETRIC_SUCCESS
    }

    /** Asked what the app asked for. */
    @Volatile var askedFor = 0
}

/** The system's prompt, answered by [Citizen]. */
@Implements(BiometricPrompt::class)
class CitizensPrompt {
    @RealObject lateinit var prompt: BiometricPrompt

    @Implementation
    fun authenticate(
        crypto: BiometricPrompt.CryptoObject,
        cancel: CancellationSignal,
        executor: Executor,
        callback: BiometricPrompt.AuthenticationCallback,
    ): Unit = show(crypto, cancel, executor, callback)

    @Implementation
    fun authenticate(
        cancel: CancellationSignal,
        executor: Executor,
        callback: BiometricPrompt.AuthenticationCallback,
    ): Unit = show(null, cancel, executor, callback)

    private fun show(
        crypto: BiometricPrompt.CryptoObject?,
        cancel: CancellationSignal,
        executor: Executor,
        callback: BiometricPrompt.AuthenticationCallback,
    ) {
        check(
            android.os.Looper
                .getMainLooper()
                .isCurrentThread,
        ) { "a prompt is shown by the main thread" }
        if (cancel.isCanceled) return
        Citizen.shown +=
            Citizen.Shown(
                prompt.title.toString(),
                prompt.subtitle?.toString(),
                prompt.description?.toString(),
                prompt.negativeButtonText?.toString(),
                prompt.allowedAuthenticators,
                prompt.isConfirmationRequired,
                crypto,
                cancel,
            )
        when (val deed = Citizen.deeds.poll() ?: Citizen.Deed.Approve) {
            Citizen.Deed.Approve -> {
                executor.execute { approve(crypto, callback) }
            }

            Citizen.Deed.WrongFingerFirst -> {
                executor.execute {
                    callback.onAuthenticationFailed()
                    approve(crypto, callback)
                }
            }

            Citizen.Deed.PressCancel -> {
                executor.execute {
                    press()
                    // The system says so too, after the button.
                    callback.onAuthenticationError(BiometricPrompt.BIOMETRIC_ERROR_CANCELED, "")
                }
            }

            is Citizen.Deed.Error -> {
                executor.execute { callback.onAuthenticationError(deed.code, "") }
            }

            is Citizen.Deed.Refuse -> {
                throw deed.failure
            }

            Citizen.Deed.Wait -> {
                cancel.setOnCancelListener {
                    executor.execute { callback.onAuthenticationError(BiometricPrompt.BIOMETRIC_ERROR_CANCELED, "") }
                }
            }
        }
    }

    private fun approve(
        crypto: BiometricPrompt.CryptoObject?,
        callback: BiometricPrompt.AuthenticationCallback,
    ) {
        Hardware.approve(crypto?.let(::operation))
        callback.onAuthenticationSucceeded(
            BiometricPrompt.AuthenticationResult(crypto, BiometricPrompt.AUTHENTICATION_RESULT_TYPE_BIOMETRIC),
        )
    }

    @Suppress("DEPRECATION")
    private fun operation(crypto: BiometricPrompt.CryptoObject): Long =
        crypto.signature?.let { it.getParameter("operation") as Long } ?: ByteBuffer.wrap(crypto.cipher!!.iv).long

    private fun press() {
        val button = ReflectionHelpers.getField<Any>(prompt, "mNegativeButtonInfo")
        val executor = ReflectionHelpers.getField<Executor>(button, "executor")
        val listener = ReflectionHelpers.getField<DialogInterface.OnClickListener>(button, "listener")
        executor.execute { listener.onClick(null, DialogInterface.BUTTON_NEGATIVE) }
    }
}

/** What the phone says of its biometrics: [Citizen.biometrics]. */
@Implements(BiometricManager::class)
class CitizensBiometrics : ShadowBiometricManager() {
    @Implementation
    override fun canAuthenticate(authenticators: Int): Int {
        Citizen.askedFor = authenticators
        return Citizen.biometrics
    }
}
