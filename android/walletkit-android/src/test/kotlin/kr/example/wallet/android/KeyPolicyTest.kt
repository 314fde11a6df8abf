package kr.example.wallet.android

import android.os.Build
import android.security.keystore.KeyProperties
import kr.example.wallet.android.fake.Citizen
import kr.example.wallet.android.fake.Hardware
import kr.example.wallet.core.Attestation
import kr.example.wallet.core.KeyPolicy
import kr.example.wallet.core.KeyPurpose
import kr.example.wallet.core.KeyStoreException
import kr.example.wallet.core.Residence
import kr.example.wallet.core.UserAuthentication
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.util.ReflectionHelpers
import java.security.InvalidAlgorithmParameterException
import java.security.ProviderException
import java.security.spec.ECGenParameterSpec
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertTrue

/** How keys are asked of the hardware, by what it was told. */
@RunWith(RobolectricTestRunner::class)
class KeyPolicyTest {
    @get:Rule val phone = Phone()

    @Test
    fun `a holder key asks for a strong biometric at each use and dies with a change of fingers`() =
        patiently {
            phone.keyStore().create(HOLDER, CHALLENGE, 1u)
            val spec = Hardware.asked.single()
            assertTrue(spec.isUserAuthenticationRequired)
            assertEquals(0, spec.userAuthenticationValidityDurationSeconds)
            assertEquals(KeyProperties.AUTH_BIOMETRIC_STRONG, spec.userAuthenticationType)
            assertTrue(spec.isInvalidatedByBiometricEnrollment)
            assertEquals("secp256r1", (spec.algorithmParameterSpec as ECGenParameterSpec).name)
            assertContentEquals(arrayOf(KeyProperties.DIGEST_SHA256), spec.digests)
            assertEquals(KeyProperties.PURPOSE_SIGN, spec.purposes)
            assertContentEquals(CHALLENGE, spec.attestationChallenge)
            assertFalse(spec.isStrongBoxBacked)
            assertFalse(spec.isUserAuthenticationValidWhileOnBody)
        }

    @Test
    fun `an instance key asks for nobody and signs alone`() =
        patiently {
            phone.keyStore().create(INSTANCE, CHALLENGE, 1u)
            val spec = Hardware.asked.single()
            assertFalse(spec.isUserAuthenticationRequired)
            assertTrue(spec.isStrongBoxBacked)
            assertEquals(KeyProperties.PURPOSE_SIGN, spec.purposes)
            assertContentEquals(CHALLENGE, spec.attestationChallenge)
        }

    @Test
    fun `the person's key is a pair that decrypts under a finger and the device's encrypts and decrypts without`() =
        patiently {
            phone.keyStore().create(WRAP_PERSON, ByteArray(0), 1u)
            phone.keyStore().create(WRAP_DEVICE, ByteArray(0), 1u)
            val (person, device) = Hardware.asked.toList()
            assertEquals(KeyProperties.PURPOSE_DECRYPT, person.purposes)
            assertTrue(person.isUserAuthenticationRequired)
            assertEquals(0, person.userAuthenticationValidityDurationSeconds)
            assertEquals(KeyProperties.AUTH_BIOMETRIC_STRONG, person.userAuthenticationType)
            assertTrue(person.isInvalidatedByBiometricEnrollment)
            assertContentEquals(arrayOf(KeyProperties.ENCRYPTION_PADDING_RSA_OAEP), person.encryptionPaddings)
            assertEquals(KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT, device.purposes)
            assertFalse(device.isUserAuthenticationRequired)
            assertEquals(256, device.keySize)
            assertContentEquals(arrayOf(KeyProperties.BLOCK_MODE_GCM), device.blockModes)
            assertTrue(device.isRandomizedEncryptionRequired)
        }

    @Test
    fun `a window is at most ten seconds and at least one`() =
        patiently {
            val store = phone.keyStore()
            store.create(window(10), CHALLENGE, 1u)
            assertEquals(10, Hardware.asked.single().userAuthenticationValidityDurationSeconds)
            assertEquals(KeyProperties.AUTH_BIOMETRIC_STRONG, Hardware.asked.single().userAuthenticationType)
            for (seconds in listOf(0, 11, 255)) refused { store.create(window(seconds), CHALLENGE, 1u) }
        }

    @Test
    fun `no holder key is made that signs without a finger and no instance key that asks for one`() =
        patiently {
            val never = KeyPolicy(KeyPurpose.HOLDER, UserAuthentication.None, Residence.SECURE_WORLD)
            val always = KeyPolicy(KeyPurpose.INSTANCE, UserAuthentication.EachUse, Residence.SECURE_WORLD)
            for (policy in listOf(never, always, window(5, KeyPurpose.INSTANCE))) refused { phone.keyStore().create(policy, CHALLENGE, 1u) }
            assertTrue(Hardware.asked.isEmpty())
        }

    @Test
    fun `an unlocked phone is asked for where that is safe to ask`() =
        patiently {
            fun asked() = Hardware.asked.last().isUnlockedDeviceRequired
            val store = phone.keyStore()
            store.create(INSTANCE, CHALLENGE, 1u)
            assertFalse(asked(), "from Android 12 to 14 the key would die with the screen lock")
            ReflectionHelpers.setStaticField(Build.VERSION::class.java, "SDK_INT", ANDROID_15)
            try {
                store.create(INSTANCE, CHALLENGE, 1u)
                assertTrue(asked(), "from Android 15 on")
                store.create(HOLDER, CHALLENGE, 1u)
                assertFalse(asked(), "a prompt is shown on an unlocked phone only")
            } finally {
                ReflectionHelpers.setStaticField(Build.VERSION::class.java, "SDK_INT", Build.VERSION_CODES.UPSIDE_DOWN_CAKE)
            }
        }

    @Test
    fun `without a secure element the key is made in the secure world and the app is told`() =
        patiently {
            val store = phone.keyStore()
            val first = store.create(INSTANCE, CHALLENGE, 1u).keys.single()
            Hardware.strongBox = false
            val second = store.create(INSTANCE, CHALLENGE, 1u).keys.single()
            val third = store.create(HOLDER, CHALLENGE, 1u).keys.single()
            val homes =
                listOf(
                    KeyHome(first.id, Residence.SECURE_ELEMENT, SecureHome.STRONGBOX),
                    KeyHome(second.id, Residence.SECURE_ELEMENT, SecureHome.TRUSTED_ENVIRONMENT),
                    KeyHome(third.id, Residence.SECURE_WORLD, SecureHome.TRUSTED_ENVIRONMENT),
                )
            assertEquals(homes, phone.homes)
            assertEquals(SecureHome.TRUSTED_ENVIRONMENT, store.home(second.id))
            assertEquals(listOf(true, true, false, false), Hardware.asked.map { it.isStrongBoxBacked })
        }

    @Test
    fun `no other failure of the secure element leads out of it`() =
        patiently {
            for (failure in listOf(ProviderException("it broke"), IllegalArgumentException("it disagrees"))) {
                Hardware.asked.clear()
                Hardware.faults[Hardware.Act.GENERATE] = failure
                assertFailsWith<KeyStoreException> { phone.keyStore().create(INSTANCE, CHALLENGE, 1u) }
                assertEquals(listOf(true), Hardware.asked.map { it.isStrongBoxBacked })
            }
        }

    @Test
    fun `each signing key comes with its chain and a wrapping key with none`() =
        patiently {
            val made = phone.keyStore().create(HOLDER, CHALLENGE, 3u)
            val chains = (made.attestation as Attestation.AndroidChain).chains
            assertEquals(listOf(2, 2, 2), chains.map { it.size })
            made.keys.zip(chains).forEach { (key, chain) ->
                assertContentEquals(
                    Hardware.entries
                        .getValue(key.id)
                        .chain
                        .first()
                        .encoded,
                    chain.first(),
                )
                assertEquals(65, key.publicKey.size)
            }
            val wrapping = phone.keyStore().create(WRAP_PERSON, ByteArray(0), 1u)
            assertEquals(listOf(emptyList()), (wrapping.attestation as Attestation.AndroidChain).chains)
            assertEquals(
                0,
                wrapping.keys
                    .single()
                    .publicKey.size,
            )
        }

    @Test
    fun `half a batch leaves nothing behind`() =
        patiently {
            Hardware.making = { if (Hardware.asked.size == 3) throw ProviderException("full") }
            assertFailsWith<KeyStoreException> { phone.keyStore().create(HOLDER, CHALLENGE, 5u) }
            assertEquals(3, Hardware.asked.size)
            assertTrue(Hardware.entries.isEmpty())
        }

    @Test
    fun `a key whose report or chain fails is not kept`() =
        patiently {
            val store = AndroidKeyStoreSeam(phone.application, phone.prompts) { error("the app's own log is full") }
            refused(KeyStoreCodes.UNKNOWN_ERROR) { store.create(HOLDER, CHALLENGE, 1u) }
            Hardware.faults[Hardware.Act.LOAD] = ProviderException("it cannot be read back")
            assertFailsWith<KeyStoreException> { phone.keyStore().create(INSTANCE, CHALLENGE, 1u) }
            assertEquals(2, Hardware.asked.size)
            assertTrue(Hardware.entries.isEmpty())
        }

    @Test
    fun `too many keys, none, or too long a challenge are refused`() =
        patiently {
            val store = phone.keyStore()
            refused(KeyStoreCodes.INVALID_INPUT_LENGTH) { store.create(HOLDER, CHALLENGE, 0u) }
            refused(KeyStoreCodes.INVALID_INPUT_LENGTH) { store.create(HOLDER, CHALLENGE, 65u) }
            refused(KeyStoreCodes.INVALID_INPUT_LENGTH) { store.create(HOLDER, ByteArray(129), 1u) }
        }

    @Test
    fun `a phone without a finger says so before the hardware is asked`() =
        patiently {
            val states =
                mapOf(
                    11 to KeyStoreException.NoBiometrics::class,
                    12 to KeyStoreException.NoBiometrics::class,
                    1 to KeyStoreException.Unavailable::class,
                    15 to KeyStoreException.Unavailable::class,
                    -2 to KeyStoreException.Failed::class,
                )
            for ((state, expected) in states) {
                Citizen.biometrics = state
                for (policy in listOf(HOLDER, WRAP_PERSON, window(5))) {
                    val failure = assertFailsWith<KeyStoreException> { phone.keyStore().create(policy, CHALLENGE, 1u) }
                    assertEquals(expected, failure::class, "state $state")
                }
                phone.keyStore().create(INSTANCE, CHALLENGE, 1u)
            }
            assertEquals(android.hardware.biometrics.BiometricManager.Authenticators.BIOMETRIC_STRONG, Citizen.askedFor)
            assertTrue(Hardware.asked.none { it.isUserAuthenticationRequired })
        }

    /** Between the question and the making the last finger was removed, or there is no screen lock. */
    @Test
    fun `parameters refused for want of a finger are no biometrics`() =
        patiently {
            val refusals =
                listOf(
                    InvalidAlgorithmParameterException(IllegalStateException("At least one biometric must be enrolled")),
                    IllegalStateException("Secure lock screen must be enabled"),
                )
            for (refusal in refusals) {
                Hardware.faults[Hardware.Act.GENERATE] = refusal
                assertFailsWith<KeyStoreException.NoBiometrics> { phone.keyStore().create(HOLDER, CHALLENGE, 1u) }
                Hardware.faults[Hardware.Act.GENERATE] = refusal
                refused(KeyStoreCodes.UNKNOWN_ERROR) { phone.keyStore().create(INSTANCE, CHALLENGE, 1u) }
            }
        }

    private suspend fun refused(
        code: Int = KeyStoreCodes.INVALID_ARGUMENT,
        call: suspend () -> Unit,
    ) = assertEquals(code, assertFailsWith<KeyStoreException.Failed> { call() }.osCode)
}
