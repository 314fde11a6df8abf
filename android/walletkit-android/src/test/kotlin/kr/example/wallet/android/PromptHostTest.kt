package kr.example.wallet.android

import android.app.Activity
import android.hardware.biometrics.BiometricManager
import android.hardware.biometrics.BiometricPrompt
import kr.example.wallet.android.fake.Citizen
import kr.example.wallet.core.KeyStoreException
import kr.example.wallet.core.Prompt
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import kotlin.reflect.KClass
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNull
import kotlin.test.assertTrue

@RunWith(RobolectricTestRunner::class)
class PromptHostTest {
    @get:Rule val phone = Phone()

    @Test
    fun `the prompt says what is shown and to whom and takes a strong biometric only`() =
        patiently {
            phone.prompts.approve(PROMPT, null)
            val shown = Citizen.shown.single()
            assertEquals(PROMPT.title, shown.title)
            assertEquals(PROMPT.reason, shown.description)
            assertEquals(PROMPT.counterparty, shown.subtitle)
            assertEquals(phone.application.getString(android.R.string.cancel), shown.cancel)
            assertEquals(BiometricManager.Authenticators.BIOMETRIC_STRONG, shown.authenticators)
            assertTrue(shown.confirmed)
        }

    @Test
    fun `nobody is named when nobody is known`() =
        patiently {
            phone.prompts.approve(Prompt("t", "r", null), null)
            assertNull(Citizen.shown.single().subtitle)
        }

    @Test
    fun `a wrong finger is no end`() =
        patiently {
            Citizen.deeds += Citizen.Deed.WrongFingerFirst
            phone.prompts.approve(PROMPT, null)
            assertEquals(1, Citizen.shown.size)
        }

    @Test
    fun `the cancel button is the citizen's`() {
        patiently {
            Citizen.deeds += Citizen.Deed.PressCancel
            assertFailsWith<KeyStoreException.UserCancelled> { phone.prompts.approve(PROMPT, null) }
        }
    }

    @Test
    fun `each error of the prompt is named for what the app does next`() =
        patiently {
            val expected: Map<Int, KClass<out KeyStoreException>> =
                mapOf(
                    BiometricPrompt.BIOMETRIC_ERROR_HW_UNAVAILABLE to KeyStoreException.Unavailable::class,
                    BiometricPrompt.BIOMETRIC_ERROR_UNABLE_TO_PROCESS to KeyStoreException.Failed::class,
                    BiometricPrompt.BIOMETRIC_ERROR_TIMEOUT to KeyStoreException.UserCancelled::class,
                    BiometricPrompt.BIOMETRIC_ERROR_NO_SPACE to KeyStoreException.Failed::class,
                    BiometricPrompt.BIOMETRIC_ERROR_CANCELED to KeyStoreException.UserCancelled::class,
                    BiometricPrompt.BIOMETRIC_ERROR_LOCKOUT to KeyStoreException.LockedOut::class,
                    BiometricPrompt.BIOMETRIC_ERROR_VENDOR to KeyStoreException.Failed::class,
                    BiometricPrompt.BIOMETRIC_ERROR_LOCKOUT_PERMANENT to KeyStoreException.LockedOut::class,
                    BiometricPrompt.BIOMETRIC_ERROR_USER_CANCELED to KeyStoreException.UserCancelled::class,
                    BiometricPrompt.BIOMETRIC_ERROR_NO_BIOMETRICS to KeyStoreException.NoBiometrics::class,
                    BiometricPrompt.BIOMETRIC_ERROR_HW_NOT_PRESENT to KeyStoreException.NoBiometrics::class,
                    13 to KeyStoreException.UserCancelled::class,
                    BiometricPrompt.BIOMETRIC_ERROR_NO_DEVICE_CREDENTIAL to KeyStoreException.NoBiometrics::class,
                    BiometricPrompt.BIOMETRIC_ERROR_SECURITY_UPDATE_REQUIRED to KeyStoreException.Unavailable::class,
                    18 to KeyStoreException.Unavailable::class,
                    19 to KeyStoreException.UserCancelled::class,
                    1007 to KeyStoreException.Failed::class,
                )
            for ((code, kind) in expected) {
                Citizen.deeds += Citizen.Deed.Error(code)
                val failure = assertFailsWith<KeyStoreException>("code $code") { phone.prompts.approve(PROMPT, null) }
                assertEquals(kind, failure::class, "code $code")
                if (failure is KeyStoreException.Failed) assertEquals(code, failure.osCode)
            }
        }

    @Test
    fun `a prompt the system will not show is a failure and not a crash`() {
        patiently {
            Citizen.deeds += Citizen.Deed.Refuse(SecurityException("USE_BIOMETRIC"))
            assertFailsWith<KeyStoreException.Failed> { phone.prompts.approve(PROMPT, null) }
        }
    }

    @Test
    fun `without an activity in front there is no prompt`() {
        patiently {
            assertFailsWith<KeyStoreException.Unavailable> { PromptHost { null }.approve(PROMPT, null) }
            assertEquals(0, Citizen.shown.size)
        }
    }

    @Test
    fun `the activity in front is the one that was resumed last and none when it left`() {
        val front = ForegroundActivity(phone.application)
        assertNull(front())
        onMain {
            val first = Robolectric.buildActivity(Activity::class.java).setup()
            assertEquals(first.get(), front())
            first.pause()
            val second = Robolectric.buildActivity(Activity::class.java).setup()
            first.stop()
            assertEquals(second.get(), front())
            second.pause()
            assertEquals(second.get(), front(), "paused under a system's sheet")
            second.stop()
            assertNull(front())
        }
    }
}
