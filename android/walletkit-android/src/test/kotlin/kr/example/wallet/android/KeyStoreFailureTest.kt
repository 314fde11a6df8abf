package kr.example.wallet.android

import android.os.Build
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.UserNotAuthenticatedException
import kr.example.wallet.android.fake.Hardware
import kr.example.wallet.core.KeyStoreException
import kr.example.wallet.core.SignRequest
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.util.ReflectionHelpers
import java.security.InvalidKeyException
import java.security.ProviderException
import java.security.SignatureException
import java.security.UnrecoverableKeyException
import javax.crypto.AEADBadTagException
import javax.crypto.BadPaddingException
import javax.crypto.IllegalBlockSizeException
import kotlin.reflect.KClass
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import android.security.KeyStoreException as SystemKeyStoreException
import java.security.KeyStoreException as JavaKeyStoreException

/** What the Keystore throws, and what the core hears. */
@RunWith(RobolectricTestRunner::class)
class KeyStoreFailureTest {
    @get:Rule val phone = Phone()

    @Test
    fun `a key that died is invalidated however deep the system says so`() {
        named<KeyStoreException.KeyInvalidated>(KeyPermanentlyInvalidatedException())
        named<KeyStoreException.KeyInvalidated>(InvalidKeyException(KeyPermanentlyInvalidatedException()))
        named<KeyStoreException.KeyInvalidated>(ProviderException(RuntimeException(KeyPermanentlyInvalidatedException())))
        named<KeyStoreException.KeyInvalidated>(UnrecoverableKeyException("Key permanently invalidated"))
        named<KeyStoreException.KeyInvalidated>(SystemKeyStoreException(VALUE_CORRUPTED, "corrupt"))
    }

    @Test
    fun `a phone that is locked is unavailable`() {
        named<KeyStoreException.Unavailable>(UserNotAuthenticatedException())
        named<KeyStoreException.Unavailable>(SystemKeyStoreException(KEY_USER_NOT_AUTHENTICATED, "locked"))
        named<KeyStoreException.Unavailable>(SignatureException(SystemKeyStoreException(KEY_USER_NOT_AUTHENTICATED, "locked")))
        named<KeyStoreException.Unavailable>(ProviderException(SystemKeyStoreException(UNINITIALIZED, "not since the start")))
    }

    @Test
    fun `an operation whose place was taken and a busy service can be asked again`() {
        named<KeyStoreException.Unavailable>(SignatureException(SystemKeyStoreException(INVALID_OPERATION_HANDLE, "pruned")))
        named<KeyStoreException.Unavailable>(ProviderException(SystemKeyStoreException(SECURE_HW_BUSY, "busy")))
        val noKeys = SystemKeyStoreException(OUT_OF_KEYS, "no attestation keys now", RKP_TEMPORARILY_UNAVAILABLE)
        named<KeyStoreException.Unavailable>(ProviderException(noKeys))
    }

    @Test
    fun `a key the system does not know is not found`() {
        named<KeyStoreException.KeyNotFound>(
            UnrecoverableKeyException().apply { initCause(SystemKeyStoreException(KEY_NOT_FOUND, "no key")) },
        )
    }

    @Test
    fun `bytes that do not open are no dead key`() {
        for (failure in listOf(AEADBadTagException(), BadPaddingException(), IllegalBlockSizeException())) {
            assertEquals(KeyStoreCodes.VERIFICATION_FAILED, named<KeyStoreException.Failed>(failure).osCode)
        }
    }

    @Test
    fun `the cause counts more than what it is wrapped in`() {
        named<KeyStoreException.Unavailable>(
            IllegalBlockSizeException().apply { initCause(SystemKeyStoreException(KEY_USER_NOT_AUTHENTICATED, "")) },
        )
    }

    @Test
    fun `anything else carries the system's own number or one that says there is none`() {
        val numbered = named<KeyStoreException.Failed>(ProviderException(SystemKeyStoreException(INVALID_ARGUMENT, "a bug")))
        assertEquals(SystemKeyStoreException(INVALID_ARGUMENT, "").numericErrorCode, numbered.osCode)
        for (failure in listOf(
            ProviderException("?"),
            SecurityException(),
            JavaKeyStoreException(),
            RuntimeException(),
            SignatureException(),
        )) {
            assertEquals(KeyStoreCodes.UNKNOWN_ERROR, named<KeyStoreException.Failed>(failure).osCode)
        }
    }

    @Test
    fun `before android 13 a system's exception has no number for apps`() {
        ReflectionHelpers.setStaticField(Build.VERSION::class.java, "SDK_INT", Build.VERSION_CODES.S)
        try {
            val failure = named<KeyStoreException.Failed>(SystemKeyStoreException(KEY_USER_NOT_AUTHENTICATED, ""))
            assertEquals(KeyStoreCodes.UNKNOWN_ERROR, failure.osCode)
        } finally {
            ReflectionHelpers.setStaticField(Build.VERSION::class.java, "SDK_INT", Build.VERSION_CODES.UPSIDE_DOWN_CAKE)
        }
    }

    @Test
    fun `a cause that is its own cause ends`() {
        val (first, second) = RuntimeException("a") to RuntimeException("b")
        first.initCause(second)
        second.initCause(first)
        named<KeyStoreException.Failed>(first)
    }

    /** Each act of the seam names what it meets: none lets an exception of Java's out. */
    @Test
    fun `wherever the hardware fails the core hears one of its own errors`() =
        patiently {
            val store = phone.keyStore()
            val holder =
                store
                    .create(HOLDER, CHALLENGE, 1u)
                    .keys
                    .single()
                    .id
            val instance =
                store
                    .create(INSTANCE, CHALLENGE, 1u)
                    .keys
                    .single()
                    .id
            val (device, person) =
                listOf(WRAP_DEVICE, WRAP_PERSON).map {
                    store
                        .create(it, ByteArray(0), 1u)
                        .keys
                        .single()
                        .id
                }
            val (open, sealed) = listOf(device, person).map { store.wrap(it, ByteArray(32)) }
            val acts: Map<String, suspend () -> Unit> =
                mapOf(
                    "sign" to { store.sign(holder, listOf(SignRequest(ByteArray(1))), PROMPT) },
                    "sign_instance" to { store.signInstance(instance, ByteArray(1)) },
                    "wrap" to { store.wrap(device, ByteArray(32)) },
                    "unwrap device" to { store.unwrap(device, open, null) },
                    "unwrap person" to { store.unwrap(person, sealed, PROMPT) },
                )
            for ((name, act) in acts) {
                for (where in listOf(Hardware.Act.LOAD, Hardware.Act.BEGIN, Hardware.Act.FINISH)) {
                    Hardware.faults[where] = ProviderException(SystemKeyStoreException(SECURE_HW_BUSY, "busy"))
                    assertFailsWith<KeyStoreException.Unavailable>("$name, $where") { act() }
                    assertEquals(0, Hardware.faults.size, "$name came to $where")
                }
                act()
            }
            Hardware.faults[Hardware.Act.CONTAINS] = ProviderException("gone")
            assertFailsWith<KeyStoreException.Failed> { store.delete(listOf(holder)) }
        }

    private inline fun <reified T : KeyStoreException> named(failure: Throwable): T {
        val found = keyStoreFailure(failure)
        assertEquals<KClass<out KeyStoreException>>(T::class, found::class, "of $failure")
        return found as T
    }

    /** Numbers of KeyMint and of the Keystore's service, as the system's exception takes them. */
    private companion object {
        const val KEY_USER_NOT_AUTHENTICATED = -26
        const val INVALID_OPERATION_HANDLE = -28
        const val INVALID_ARGUMENT = -38
        const val SECURE_HW_BUSY = -48
        const val UNINITIALIZED = 3
        const val KEY_NOT_FOUND = 7
        const val VALUE_CORRUPTED = 8
        const val OUT_OF_KEYS = 22
        const val RKP_TEMPORARILY_UNAVAILABLE = 1
    }
}
