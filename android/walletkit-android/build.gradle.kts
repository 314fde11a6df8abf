plugins {
    id("com.android.library")
    kotlin("android")
}

android {
    namespace = "kr.example.wallet.android"
    compileSdk = 35

    defaultConfig {
        minSdk = 30
        testInstrumentationRunner = "androidx.test.runner.AndroidJUnitRunner"
        consumerProguardFiles("consumer-rules.pro")
    }

    // What android/build-ndk made: lib/<ABI>/libbindings.so.
    sourceSets["main"].jniLibs.srcDirs("../../target/android/jniLibs")

    // These run on Robolectric, by Maven.
    sourceSets["test"].kotlin.setSrcDirs(emptyList<String>())

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }
}

kotlin { jvmToolchain(17) }

dependencies {
    api(project(":walletkit"))
    api("net.java.dev.jna:jna:5.19.1@aar")
    androidTestImplementation(project(":conformance"))
    androidTestImplementation("androidx.test:runner:1.7.0")
    androidTestImplementation("androidx.test:monitor:1.8.0")
}
